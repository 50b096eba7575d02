// From a fresh clone to a shim that loads: generates the operators, finds or fetches libtorch, compiles the shim.
// Every task that needs the shim runs this first; where nothing is to do it takes a fraction of a second.
//
//   deno task setup            what is needed
//   deno task setup --fetch    ftx's own libtorch, even where another one was found
//   deno task shim             compile against the libtorch at hand, download nothing

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { FtxError } from "../src/errors.ts";
import { cacheFolder, type Libtorch, openLibtorch, type SetupRecord } from "../src/tensor/libtorch.ts";
import { findLibtorch, readRecord, searchLibtorch } from "../src/tensor/libtorch.ts";
import { exists, readLibtorch, stampOf } from "../src/tensor/libtorch_folder.ts";
import { generate } from "./gen.ts";
import { compileShim, planShim, type ShimPlan } from "./setup/compile.ts";
import { findCompiler } from "./setup/compiler.ts";
import { lock } from "./setup/lock.ts";
import { findPip } from "./setup/pip.ts";
import { prune } from "./setup/prune.ts";
import { writing } from "./setup/storage.ts";

const SOURCES = fileURLToPath(new URL("../ffi", import.meta.url));
const BUILD = fileURLToPath(new URL("../build", import.meta.url));

/** Where libtorch comes from: wherever it is found, else the network; the network in any case; never the network. */
export type Source = "any" | "fetch" | "local";

/** Brings everything up to date, and returns the libtorch that is in use. Setups at the same time wait for one another. */
export function setup(source: Source = "any"): Promise<Libtorch> {
  return writing(BUILD, "mend that, or clone ftx to another place", () => update(source));
}

async function update(source: Source): Promise<Libtorch> {
  await Deno.mkdir(BUILD, { recursive: true });
  using _held = await lock(`${BUILD}/setup.lock`, () => console.error("waiting for another setup of this clone"));
  generate(); // writes only what changed
  const { found, unfit } = source === "local" ? { found: findLibtorch(), unfit: [] } : searchLibtorch();
  unfit.forEach((one) => console.error(`passed over ${one}`));
  const at = source === "fetch" ? undefined : found;
  const upToDate = at && exists(planShim(at, SOURCES, BUILD).shim);
  // What is missing is named at once, before anything is downloaded.
  const [pip, compiler] = await both(at ? undefined : findPip(), upToDate ? undefined : findCompiler());
  const libtorch = at ?? await fetchOwn(pip!);
  const plan = planShim(libtorch, SOURCES, BUILD);
  if (compiler && !exists(plan.shim)) {
    await compileShim(plan, compiler);
    check(plan);
    prune(`${BUILD}/objects`, new Set(plan.objects.map(({ object }) => object)));
    prune(`${BUILD}/shim`, new Set([dirname(plan.shim)]));
  }
  record(plan);
  return libtorch;
}

/** Both results; or one error with what both say. */
async function both<A, B>(a: A, b: B): Promise<[Awaited<A>, Awaited<B>]> {
  const ends = await Promise.allSettled([a, b]);
  const failed = ends.filter((end) => end.status === "rejected").map((end) => end.reason);
  if (failed.length === 2) throw new FtxError(failed.map((error) => error.message).join("\n"));
  if (failed.length) throw failed[0];
  return Promise.all([a, b]);
}

async function fetchOwn(pip: string[]): Promise<Libtorch> {
  const { fetchLibtorch } = await import("./setup/fetch.ts"); // rarely needed, and brings a zip library
  const root = await fetchLibtorch(cacheFolder(Deno.env.toObject()), pip, hasNvidiaDriver());
  const found = readLibtorch(root);
  if (typeof found === "string") {
    throw new FtxError(`Cannot use the libtorch in "${root}": it ${found}; delete that folder`);
  }
  return { root, ...found, why: "ftx's cache" };
}

/** Whether CUDA could run here: the driver's library is there, whatever tools are installed. */
function hasNvidiaDriver(): boolean {
  try {
    Deno.dlopen("libcuda.so.1", {}).close();
    return true;
  } catch {
    return false;
  }
}

/** Loads the new shim once: a name that libtorch lacks is a sentence here, not a crash of the first run. */
function check({ libtorch, shim }: ShimPlan): void {
  openLibtorch(libtorch.root);
  try {
    Deno.dlopen(shim, {}).close();
  } catch (error) {
    Deno.removeSync(shim); // so that the next setup does not take it for good
    throw new FtxError(
      `Cannot load the new shim with libtorch ${libtorch.version}: ${(error as Error).message}; report this`,
    );
  }
}

/** Leaves what the next run needs in build/libtorch.json: written aside and renamed, for others may be reading it. */
function record({ libtorch: { root, version, cuda, why, warning }, shim }: ShimPlan): void {
  const path = `${BUILD}/libtorch.json`;
  const entry: SetupRecord = {
    root,
    version,
    cuda,
    why,
    warning,
    stamp: stampOf(root),
    shim: shim.slice(BUILD.length + 1),
  };
  const text = JSON.stringify(entry, null, 2) + "\n";
  if (JSON.stringify(readRecord(path), null, 2) + "\n" === text) return;
  Deno.writeTextFileSync(`${path}.${Deno.pid}`, text);
  Deno.renameSync(`${path}.${Deno.pid}`, path);
}

if (import.meta.main) {
  try {
    const source = Deno.args.includes("--fetch") ? "fetch" : Deno.args.includes("--shim") ? "local" : "any";
    const { root, version, cuda, why, warning } = await setup(source);
    console.error(`ftx is set up: libtorch ${version} (${cuda ? `CUDA ${cuda}` : "CPU"}) of ${why}, in "${root}"`);
    if (warning) console.error(`warning: ${warning}`);
    if (!cuda && hasNvidiaDriver()) {
      console.error(
        'note: this libtorch cannot use the GPU of this machine; "deno task setup --fetch" gets one that can',
      );
    }
  } catch (error) {
    if (!(error instanceof FtxError)) throw error;
    console.error(error.message);
    Deno.exit(error.exitCode);
  }
}
