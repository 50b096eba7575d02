// From a machine with nothing but ftx to a shim that loads: finds or fetches libtorch, chooses or compiles the shim, and
// leaves a record for later runs. If nothing has to be done it takes a fraction of a second.

import { relative } from "node:path";
import { FtxError } from "../errors.ts";
import {
  driverCuda,
  exists,
  findLibtorch,
  isClone,
  type Libtorch,
  libtorchCache,
  loadShim,
  minor,
  openLibtorch,
  programRoot,
  readLibtorch,
  runsOn,
  searchLibtorch,
  type Shim,
  shippedVersions,
  TESTED,
  workFolder,
  writeRecord,
} from "../libtorch/mod.ts";
import { Lock } from "../net/mod.ts";
import { Waiting } from "../report/waiting.ts";
import { planShim } from "./compile.ts";
import { findCompiler } from "./compiler.ts";
import { keptShim } from "./kept_shim.ts";
import { makeShim } from "./make_shim.ts";
import { ownShim } from "./own_shim.ts";
import { PackageIndex } from "./package_index.ts";
import { indexClient, indexSettings } from "./pip.ts";
import { writing } from "./storage.ts";
import { buildsFor, type Wish } from "./wheels.ts";

/** What setup is asked for. */
export interface SetupOptions {
  /** "any": a libtorch of this machine, or else one from the network. "fetch": ftx's own. "local": never the network. */
  source?: "any" | "fetch" | "local";
  /** The build to use, whatever is found. Default: the one that is found; to fetch, CUDA's if there is an NVIDIA driver. */
  build?: "cpu" | "cuda";
  /** The version to use, whatever is found. Default: the one that is found; to fetch, the one that ftx is tested with. */
  version?: string;
  /** The package index to fetch from. Default: those of pip's configuration. */
  indexUrl?: string;
}

/** What is in use after setup. */
export interface Ready {
  libtorch: Libtorch;
  shim: Shim;
}

/** Brings everything up to date, and returns what is in use. Simultaneous setups wait for one another. */
export async function setup(options: SetupOptions = {}): Promise<Ready> {
  const folder = workFolder();
  return await writing(folder, "fix that, or set XDG_CACHE_HOME to a folder that you may write", async () => {
    await Deno.mkdir(folder, { recursive: true });
    using _held = await Lock.take(`${folder}/setup.lock`, () => console.error("Waiting for another setup"));
    const found = look(options);
    if (!found) buildsFor(wishOf(options)); // refuses a version that cannot be fetched before anything else is done
    else if (options.indexUrl) {
      console.error('note: --index-url does nothing: libtorch is here already; "ftx setup --fetch" downloads it');
    }
    return isClone(programRoot()) ? await inClone(options, found, folder) : await inBinary(options, found, folder);
  });
}

/** A clone compiles its shim, so that changes of the source take effect; the record names the shim. */
async function inClone(options: SetupOptions, found: Libtorch | undefined, build: string): Promise<Ready> {
  const sources = `${programRoot()}/ffi`;
  const now = found && planShim(found, sources, build);
  const isThere = now && (exists(now.shim) || keptShim(now) !== undefined);
  const compiler = isThere ? undefined : await findCompiler(); // a missing one is reported before the download
  const libtorch = found ?? await fetchOwn(options);
  const plan = planShim(libtorch, sources, build);
  if (!exists(plan.shim)) await makeShim(plan, async () => compiler ?? await findCompiler());
  writeRecord(`${build}/libtorch.json`, libtorch, relative(build, plan.shim));
  return { libtorch, shim: { path: plan.shim, why: "the last setup" } };
}

/** The binary comes with shims; it compiles one if none of them fits. */
async function inBinary(options: SetupOptions, found: Libtorch | undefined, cache: string): Promise<Ready> {
  if (!found && !shippedVersions().includes(minor(wishOf(options).version))) await findCompiler();
  const libtorch = found ?? await fetchOwn(options);
  openLibtorch(libtorch.root);
  const { shim } = await loadShim(libtorch, {}, ownShim);
  writeRecord(`${cache}/libtorch.json`, libtorch);
  return { libtorch, shim };
}

/** The libtorch on this machine that meets the options. With the source "local" there must be one. */
function look({ source = "any", build, version }: SetupOptions): Libtorch | undefined {
  if (source === "fetch") return undefined;
  if (source === "local") return findLibtorch();
  const { found, unfit } = searchLibtorch();
  unfit.forEach((one) => console.error(`passed over ${one}`));
  const isOther = found && (build && build !== (found.cuda ? "cuda" : "cpu") || version && version !== found.version);
  return isOther || found && build === "cuda" && isTooNew(found) ? undefined : found;
}

/** Whether the driver of this machine is too old for a CUDA build. */
function isTooNew({ cuda }: Libtorch): boolean {
  const driver = driverCuda();
  return cuda !== undefined && driver !== undefined && !runsOn(cuda, driver);
}

/** The libtorch to fetch. */
function wishOf({ build, version = TESTED }: SetupOptions): Wish {
  const driver = driverCuda();
  return { version, driver, gpu: build ? build === "cuda" : driver !== undefined };
}

async function fetchOwn(options: SetupOptions): Promise<Libtorch> {
  const wish = wishOf(options), settings = await indexSettings(Deno.env.toObject(), options);
  if (settings.indexes.length + settings.findLinks.length === 0) {
    throw new FtxError(
      `Cannot fetch libtorch ${wish.version}: no package index is configured, and there is no pip that knows one; name ` +
        "one with --index-url or in PIP_INDEX_URL, or set FTX_LIBTORCH to a libtorch of yours",
    );
  }
  const { fetchLibtorch } = await import("./fetch.ts"); // rarely needed, and loads a zip library
  using client = indexClient(settings);
  using waiting = new Waiting();
  const root = await fetchLibtorch(libtorchCache(), wish, new PackageIndex(settings, client), waiting);
  const found = readLibtorch(root);
  if (typeof found === "string") {
    throw new FtxError(`Cannot use the libtorch in "${root}": it ${found}; delete that folder`);
  }
  return { root, ...found, why: "ftx's cache" };
}
