// Puts libtorch's wheel, and on a GPU machine NVIDIA's libraries beside it, into ftx's cache:
// <cache>/2.13.0/torch/{lib,include,version.py}, <cache>/2.13.0/nvidia/… (libtorch_cuda looks for them there).

import { FtxError } from "../errors.ts";
import { readLibtorch, TESTED } from "../libtorch/mod.ts";
import { lock } from "./lock.ts";
import { download } from "./pip.ts";
import { megabytes, progress } from "./progress.ts";
import { writing } from "./storage.ts";
import { unpackWheel } from "./wheel.ts";

/** Fetches libtorch into `cache`: the CPU build, or with `gpu` the CUDA build. Returns its root. */
export function fetchLibtorch(cache: string, pip: string[], gpu: boolean): Promise<string> {
  return writing(cache, `free ${gpu ? 8 : 2} GB, or set XDG_CACHE_HOME to a folder on another disk`, async () => {
    await Deno.mkdir(cache, { recursive: true });
    using _held = await lock(`${cache}/lock`, () => console.error("waiting for another setup that fetches libtorch"));
    await dropPartial(cache); // what a killed setup left behind; nobody else is at it now
    const home = `${cache}/${TESTED}-${gpu ? "cuda" : "cpu"}`;
    if (typeof readLibtorch(`${home}/torch`) !== "string") return `${home}/torch`; // another setup was faster
    const partial = await Deno.makeTempDir({ dir: cache, prefix: "partial-" });
    try {
      await fill(`${partial}/home`, `${partial}/wheels`, pip, gpu);
      const found = readLibtorch(`${partial}/home/torch`);
      if (typeof found === "string") cannot(`what pip downloaded ${found}`);
      await Deno.remove(home, { recursive: true }).catch(() => {}); // one that has lost files
      await Deno.rename(`${partial}/home`, home);
      return `${home}/torch`;
    } finally {
      await Deno.remove(partial, { recursive: true });
    }
  });
}

async function fill(home: string, wheels: string, pip: string[], gpu: boolean): Promise<void> {
  const torch = await watched("fetching libtorch", wheels, () => first(wantedTorch(gpu), `${wheels}/torch`, pip));
  const needs = nvidiaOf(await unpack("unpacking libtorch", torch, home, gpu), gpu);
  await Deno.remove(`${wheels}/torch`, { recursive: true }); // half a gigabyte that the disk may need now
  if (needs.length === 0) return; // a CPU build stands alone
  const libraries = await watched("fetching NVIDIA's libraries", wheels, async () => {
    return await download(pip, needs, `${wheels}/nvidia`) ?? cannot(`pip's index has not all of ${needs.join(", ")}`);
  });
  await unpack("unpacking NVIDIA's libraries", libraries, home, gpu);
}

/** Unpacks what is needed of the wheels; returns what they require. */
async function unpack(title: string, wheels: string[], home: string, gpu: boolean): Promise<string[]> {
  let written = 0;
  return await progress(title, () => megabytes(written), async () => {
    const requirements: string[] = [];
    for (const wheel of wheels) {
      const keep = (name: string) => isNeeded(name, gpu);
      requirements.push(...await unpackWheel(wheel, home, { keep, onBytes: (bytes) => written += bytes }));
    }
    return requirements;
  });
}

/** The ways to ask for torch, best first. `===` is the build without a suffix, which the default index has for CUDA. */
export function wantedTorch(gpu: boolean): string[] {
  const plain = [`torch===${TESTED}`, `torch==${TESTED}`];
  return gpu ? plain : [`torch==${TESTED}+cpu`, ...plain];
}

/**
 * What of a CUDA build must lie beside it. Its CPU half alone asks for two small libraries (cudart, cupti), so a machine
 * without a GPU whose index has no CPU build does with those.
 */
export function nvidiaOf(requirements: string[], gpu: boolean): string[] {
  const toolkit = (one: string) => one.startsWith("cuda-toolkit");
  return gpu
    ? requirements.filter((one) => toolkit(one) || one.startsWith("nvidia-"))
    : requirements.filter(toolkit).map((one) => one.replace(/\[.*?\]/, "[cudart,cupti]"));
}

/** Whether a file of a wheel is kept: libraries, headers and the version, without Python's and, on a CPU, CUDA's. */
export function isNeeded(name: string, gpu: boolean): boolean {
  if (!/^(torch\/(lib\/|include\/|version\.py$)|torch\.libs\/|nvidia\/)/.test(name)) return false;
  if (/libtorch_python\.so|\/(test|lib\/(libjitbackend|libbackend_with|libtorchbind))/.test(name)) return false;
  return gpu ||
    (name.startsWith("nvidia/") ? /lib(cudart|cupti)\.so/.test(name) : !/lib(torch_|c10_)(cuda|nvshmem)/.test(name));
}

/** pip asks for wheels of its own Python. torch has none for an old or a very new one, and to us all are the same. */
async function first(wanted: string[], folder: string, pip: string[]): Promise<string[]> {
  for (const flags of [[], ["--python-version=3.12"]]) {
    for (const requirement of wanted) {
      const wheels = await download(pip, [requirement], folder, ["--no-deps", ...flags]);
      if (wheels) return wheels;
    }
  }
  return cannot(`pip's index has no torch ${TESTED} for this machine`);
}

function cannot(why: string): never {
  throw new FtxError(`Cannot fetch libtorch ${TESTED}: ${why}; set FTX_LIBTORCH to a libtorch of yours`);
}

/** Shows how much has arrived in `folder` while `work` runs. */
function watched<T>(title: string, folder: string, work: () => Promise<T>): Promise<T> {
  return progress(title, () => megabytes(sizeOf(folder)), work);
}

function sizeOf(folder: string): number {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name, isDirectory }) => {
      return isDirectory ? sizeOf(`${folder}/${name}`) : Deno.statSync(`${folder}/${name}`).size;
    }).reduce((a, b) => a + b, 0);
  } catch {
    return 0; // pip is just moving something
  }
}

async function dropPartial(cache: string): Promise<void> {
  for await (const { name } of Deno.readDir(cache)) {
    if (name.startsWith("partial-")) await Deno.remove(`${cache}/${name}`, { recursive: true });
  }
}
