// Puts libtorch's wheel, and on a GPU machine NVIDIA's libraries beside it, into ftx's cache:
// <cache>/2.13.0-cuda/torch/{lib,include,version.py}, <cache>/2.13.0-cuda/nvidia/… (libtorch_cuda looks for them there).

import { FtxError, NetworkError, StorageError } from "../errors.ts";
import { type Listener, Progress } from "../hub/progress.ts";
import { readLibtorch } from "../libtorch/mod.ts";
import { size } from "../report/format.ts";
import { freeSpace } from "../run/space.ts";
import { chooseTorch, nvidiaOf, resolve, type Shop, type Wish } from "./choose.ts";
import { download, placeOf } from "./download.ts";
import { NetFailure, type PackageIndex, type WheelFile } from "./index/mod.ts";
import { inParallel } from "./in_parallel.ts";
import { lock } from "./lock.ts";
import { prune } from "./prune.ts";
import { writing } from "./storage.ts";
import { metadataOf, unpackWheel } from "./wheel.ts";

const AT_ONCE = 3; // wheels: one connection seldom fills the line or the cores, and more is no longer polite
const ROOM = 3.7; // bytes on the disk for each byte of wheels, with the wheels; measured with 2.13: CPU 3.6, CUDA 2.6

/**
 * Fetches libtorch into `cache` and returns its root. What a broken-off fetch left is used; fetches at the same time wait for
 * one another. Throws a `NetworkError` (7) when the index fails, a `StorageError` (6) when the disk does.
 */
export function fetchLibtorch(cache: string, wish: Wish, index: PackageIndex, listener: Listener): Promise<string> {
  return writing(cache, "make room, or set XDG_CACHE_HOME to a folder on another disk", async () => {
    await Deno.mkdir(cache, { recursive: true });
    using _held = await lock(`${cache}/lock`, () => listener.say("waiting for another setup that fetches libtorch"));
    await dropPartial(cache); // what a killed setup was unpacking; nobody else is at it now
    const home = `${cache}/${wish.version}-${wish.gpu ? "cuda" : "cpu"}`;
    if (typeof readLibtorch(`${home}/torch`) !== "string") return `${home}/torch`; // another setup was faster
    try {
      await fetchInto(home, cache, wish, index, listener);
    } catch (error) {
      if (!(error instanceof NetFailure)) throw error;
      throw new NetworkError(
        `Cannot fetch libtorch ${wish.version}: ${error.message}; run "ftx setup" again, which goes on where it ` +
          "broke off, or set FTX_LIBTORCH to a libtorch of yours",
      );
    } finally {
      listener.clear();
    }
    return `${home}/torch`;
  });
}

async function fetchInto(home: string, cache: string, wish: Wish, index: PackageIndex, listener: Listener) {
  const downloads = `${cache}/downloads`;
  const shop: Shop = {
    wheels: (project) => index.wheels(project),
    metadata: async (file) =>
      await shownMetadata(file, index) ?? await metadataOf(await download(index.net, file, downloads)),
  };
  listener.tell(`Asking the package index for libtorch ${wish.version}`);
  const torch = await chooseTorch(wish, shop);
  const files = [torch.file, ...await resolve(nvidiaOf(torch, wish.gpu), shop)];
  const what = `libtorch ${wish.version} (${wish.gpu ? `CUDA ${torch.cuda!.join(".")}` : "CPU"})`;
  const wheels = await downloadAll(files, what, cache, index, listener);
  await unpackAll(wheels, what, home, cache, wish, listener);
  for (const wheel of wheels) if (wheel.startsWith(`${downloads}/`)) await Deno.remove(wheel);
  await Deno.mkdir(downloads, { recursive: true });
  prune(downloads, new Set()); // parts of versions that nobody came back for
}

/** The METADATA that an index shows beside a wheel (PEP 658), so that the wheel need not be there yet. */
async function shownMetadata({ url }: WheelFile, { net }: PackageIndex): Promise<string | undefined> {
  const text = url.startsWith("file:") ? undefined : await net.text(`${url}.metadata`);
  return text?.startsWith("Metadata-Version:") ? text : undefined;
}

async function downloadAll(files: WheelFile[], what: string, cache: string, { net }: PackageIndex, listener: Listener) {
  const sizes = await Promise.all(files.map((file) => sizeOf(file, net)));
  const total = sizes.reduce((a, b) => a + b, 0);
  demandRoom(files, total, what, cache);
  listener.say(`Fetching ${what}: ${files.length === 1 ? "one file" : `${files.length} files`}, ${size(total)}`);
  const progress = new Progress(what, total, listener);
  const paths: string[] = [];
  await inParallel([...files.keys()], AT_ONCE, async (i) => {
    paths[i] = await download(net, files[i], `${cache}/downloads`, (bytes, fromNet) => progress.add(bytes, fromNet));
  });
  return paths;
}

/** Bytes of a file; 0 where nobody says. */
async function sizeOf(file: WheelFile, net: PackageIndex["net"]): Promise<number> {
  if (file.size !== undefined) return file.size;
  if (file.url.startsWith("file:")) return Deno.statSync(placeOf(file, "")).size;
  const answer = await net.persist(() => net.ask(file.url, { range: "bytes=0-0", "accept-encoding": "identity" }));
  await answer.body?.cancel();
  const text = answer.headers.get(answer.status === 206 ? "content-range" : "content-length")?.match(/(\d+)$/)?.[1];
  return Number(text ?? 0);
}

/** Throws when the disk lacks room for what is to come and for what is made of it; parts that are there count. */
function demandRoom(files: WheelFile[], total: number, what: string, cache: string) {
  const there = files.filter(({ url }) => !url.startsWith("file:")).map((file) => placeOf(file, `${cache}/downloads`))
    .flatMap((path) => [path, `${path}.part`]).map(bytesAt).reduce((a, b) => a + b, 0);
  const needed = Math.max(0, ROOM * total - there), free = freeSpace(cache);
  if (free >= needed) return;
  throw new StorageError(
    `Cannot fetch ${what} into "${cache}": that needs ${size(needed)}, and ${size(free)} are free; ` +
      "make room, or set XDG_CACHE_HOME to a folder on another disk",
  );
}

function bytesAt(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

/** Unpacks beside the final place, which the result takes only when it is whole. */
async function unpackAll(
  wheels: string[],
  what: string,
  home: string,
  cache: string,
  { gpu }: Wish,
  listener: Listener,
) {
  const partial = await Deno.makeTempDir({ dir: cache, prefix: "partial-" });
  let written = 0;
  const onBytes = (bytes: number) => listener.tell(`Unpacking ${what}: ${size(written += bytes)}`);
  try {
    await inParallel(wheels, AT_ONCE, async (wheel) => {
      try {
        await unpackWheel(wheel, `${partial}/home`, { keep: (name) => isNeeded(name, gpu), onBytes });
      } catch (error) {
        if (error instanceof FtxError && wheel.startsWith(cache)) await Deno.remove(wheel); // damaged: not to be met again
        throw error;
      }
    });
    const found = readLibtorch(`${partial}/home/torch`);
    if (typeof found === "string") {
      throw new FtxError(`Cannot use ${what}: what the package index has ${found}; name another index`);
    }
    await Deno.remove(home, { recursive: true }).catch(() => {}); // one that has lost files
    await Deno.rename(`${partial}/home`, home);
  } finally {
    await Deno.remove(partial, { recursive: true });
  }
}

/** Whether a file of a wheel is kept: libraries, headers and the version, without Python's and, on a CPU, CUDA's. */
export function isNeeded(name: string, gpu: boolean): boolean {
  if (!/^(torch\/(lib\/|include\/|version\.py$)|torch\.libs\/|nvidia\/)/.test(name)) return false;
  if (/libtorch_python\.so|\/(test|lib\/(libjitbackend|libbackend_with|libtorchbind))/.test(name)) return false;
  return gpu ||
    (name.startsWith("nvidia/") ? /lib(cudart|cupti)\.so/.test(name) : !/lib(torch_|c10_)(cuda|nvshmem)/.test(name));
}

async function dropPartial(cache: string): Promise<void> {
  for await (const { name } of Deno.readDir(cache)) {
    if (name.startsWith("partial-")) await Deno.remove(`${cache}/${name}`, { recursive: true });
  }
}
