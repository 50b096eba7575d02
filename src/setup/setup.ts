// From a machine with nothing but ftx to a shim that loads: finds or fetches libtorch, chooses or compiles the shim, and
// leaves a record for the runs that follow. Where nothing is to do it takes a fraction of a second.

import { relative } from "node:path";
import { FtxError } from "../errors.ts";
import { exists, findLibtorch, findShims, isClone, type Libtorch, libtorchCache, minor } from "../libtorch/mod.ts";
import { openLibtorch, openShim, programRoot, readLibtorch, searchLibtorch, type Shim } from "../libtorch/mod.ts";
import { shippedVersions, TESTED, workFolder, writeRecord } from "../libtorch/mod.ts";
import { planShim } from "./compile.ts";
import { findCompiler } from "./compiler.ts";
import { hasNvidiaDriver } from "./driver.ts";
import { lock } from "./lock.ts";
import { makeShim } from "./make_shim.ts";
import { ownShim } from "./own_shim.ts";
import { findPip } from "./pip.ts";
import { writing } from "./storage.ts";

/** Where libtorch comes from: wherever it is found, else the network; the network in any case; never the network. */
export type Source = "any" | "fetch" | "local";

/** What is in use after setup. */
export interface Ready {
  libtorch: Libtorch;
  shim: Shim;
}

/** Brings everything up to date, and returns what is in use. Setups at the same time wait for one another. */
export function setup(source: Source = "any"): Promise<Ready> {
  const folder = workFolder();
  return writing(folder, "mend that, or set XDG_CACHE_HOME to a folder that you may write", async () => {
    await Deno.mkdir(folder, { recursive: true });
    using _held = await lock(`${folder}/setup.lock`, () => console.error("waiting for another setup"));
    return isClone(programRoot()) ? await inClone(source, folder) : await inBinary(source, folder);
  });
}

/** A clone compiles its shim, so that a changed source acts; the record names it. */
async function inClone(source: Source, build: string): Promise<Ready> {
  const sources = `${programRoot()}/ffi`, found = look(source);
  const upToDate = found && exists(planShim(found, sources, build).shim);
  const compiler = upToDate ? undefined : await findCompiler(); // missing, it is named before anything is downloaded
  const libtorch = found ?? await fetchOwn();
  const plan = planShim(libtorch, sources, build);
  if (!exists(plan.shim)) await makeShim(plan, compiler ?? await findCompiler());
  writeRecord(`${build}/libtorch.json`, libtorch, relative(build, plan.shim));
  return { libtorch, shim: { path: plan.shim, why: "the last setup" } };
}

/** The binary brings shims; it compiles one where none of them fits. */
async function inBinary(source: Source, cache: string): Promise<Ready> {
  const found = look(source);
  if (!found && !shippedVersions().includes(minor(TESTED))) await findCompiler();
  const libtorch = found ?? await fetchOwn();
  openLibtorch(libtorch.root);
  const fits = (one: Shim) => typeof openShim(one, libtorch, {}) !== "string";
  const shim = findShims(libtorch).find(fits) ?? await ownShim(libtorch, []);
  writeRecord(`${cache}/libtorch.json`, libtorch);
  return { libtorch, shim };
}

/** The libtorch that is there; with the source "local" there must be one. */
function look(source: Source): Libtorch | undefined {
  if (source === "fetch") return undefined;
  if (source === "local") return findLibtorch();
  const { found, unfit } = searchLibtorch();
  unfit.forEach((one) => console.error(`passed over ${one}`));
  return found;
}

async function fetchOwn(): Promise<Libtorch> {
  const { fetchLibtorch } = await import("./fetch.ts"); // rarely needed, and brings a zip library
  const root = await fetchLibtorch(libtorchCache(), await findPip(), hasNvidiaDriver());
  const found = readLibtorch(root);
  if (typeof found === "string") {
    throw new FtxError(`Cannot use the libtorch in "${root}": it ${found}; delete that folder`);
  }
  return { root, ...found, why: "ftx's cache" };
}
