// Puts libtorch's wheel, and on a GPU machine NVIDIA's libraries beside it, into ftx's cache:
// <cache>/2.13.0-cuda/torch/{lib,include,version.py}, <cache>/2.13.0-cuda/nvidia/… (libtorch_cuda looks for them there).

import { FtxError, NetworkError, StorageError } from "../errors.ts";
import { readLibtorch } from "../libtorch/mod.ts";
import { type Client, Lock, NetFailure, parallel } from "../net/mod.ts";
import { size } from "../report/format.ts";
import { type Listener, Progress } from "../report/progress.ts";
import { freeSpace } from "../run/space.ts";
import { fetchWheel, type FoundWheel, placeOf } from "./download.ts";
import type { PackageIndex } from "./package_index.ts";
import { prune, writing } from "./storage.ts";
import { unpackWheel } from "./wheel.ts";
import { type Build, BUILDS, buildsFor, type Wish } from "./wheels.ts";

const AT_ONCE = 3; // wheels: one connection seldom fills the line or the cores, and more would be impolite
const ROOM = 3.7; // bytes on the disk for each byte of wheels, the wheels included; measured with 2.13: CPU 3.6, CUDA 2.6

/**
 * Fetches libtorch into `cache` and returns its root. What an interrupted fetch left is used; fetches at the same time wait
 * for one another.
 *
 * @param builds those that can be fetched
 * @throws {NetworkError} The index fails.
 * @throws {StorageError} The disk has no room, or cannot be written.
 */
export function fetchLibtorch(
  cache: string,
  wish: Wish,
  index: PackageIndex,
  listener: Listener,
  builds: readonly Build[] = BUILDS,
): Promise<string> {
  return writing(cache, "make room, or set XDG_CACHE_HOME to a folder on another disk", async () => {
    await Deno.mkdir(cache, { recursive: true });
    const onWait = () => listener.say("Waiting for another setup that fetches libtorch");
    using _held = await Lock.take(`${cache}/lock`, onWait);
    await dropPartial(cache); // what a killed setup was unpacking; the lock says that no other is
    const home = `${cache}/${wish.version}-${wish.gpu ? "cuda" : "cpu"}`;
    if (typeof readLibtorch(`${home}/torch`) !== "string") return `${home}/torch`; // another setup fetched it
    try {
      listener.tell(`Asking the package index for libtorch ${wish.version}`);
      const { build, wheels } = await locate(buildsFor(wish, builds), index);
      const what = `libtorch ${wish.version} (${wish.gpu ? `CUDA ${build.cuda}` : "CPU"})`;
      const paths = await downloadAll(wheels, what, cache, index.client, listener);
      await unpackAll(paths, what, home, cache, wish, listener);
      await clear(`${cache}/downloads`, paths);
    } catch (error) {
      if (!(error instanceof NetFailure)) throw error;
      throw new NetworkError(
        `Cannot fetch libtorch ${wish.version}: ${explained(error)}; run "ftx setup" again, which continues where it ` +
          "stopped, or set FTX_LIBTORCH to a libtorch of yours",
      );
    } finally {
      listener.clear();
    }
    return `${home}/torch`;
  });
}

/** The first of the builds that the index has completely, with the addresses of its wheels. */
async function locate(builds: Build[], index: PackageIndex): Promise<{ build: Build; wheels: FoundWheel[] }> {
  let absent: string | undefined;
  for (const build of builds) {
    const [torch, ...others] = build.wheels;
    const find = async (wheel: Build["wheels"][number]) => ({ ...wheel, url: await index.find(wheel) });
    const first = await find(torch);
    const wheels = first.url === undefined ? [first] : [first, ...await Promise.all(others.map(find))];
    const missing = wheels.find(({ url }) => url === undefined);
    if (missing === undefined) return { build, wheels: wheels as FoundWheel[] };
    absent ??= missing.file;
  }
  throw new FtxError(
    `Cannot fetch libtorch ${
      builds[0].version
    }: the package index has no "${absent}" with the checksum that ftx knows; ` +
      "name another index with --index-url, or set FTX_LIBTORCH to a libtorch of yours",
  );
}

async function downloadAll(wheels: FoundWheel[], what: string, cache: string, client: Client, listener: Listener) {
  const total = wheels.reduce((sum, { size }) => sum + size, 0);
  demandRoom(wheels, total, what, cache);
  listener.say(`Fetching ${what}: ${wheels.length === 1 ? "one file" : `${wheels.length} files`}, ${size(total)}`);
  const progress = new Progress(what, total, listener);
  const paths: string[] = [];
  await parallel(wheels.keys(), AT_ONCE, async (i) => {
    const onBytes = (bytes: number, fromNet: boolean) => progress.add(bytes, fromNet);
    paths[i] = await fetchWheel(client, wheels[i], `${cache}/downloads`, onBytes);
  });
  return paths;
}

/** Throws when the disk lacks room for what is to come and what it unpacks to; parts that are there count. */
function demandRoom(wheels: FoundWheel[], total: number, what: string, cache: string) {
  const there = wheels.filter(({ url }) => !url.startsWith("file:")).map((wheel) =>
    placeOf(wheel, `${cache}/downloads`)
  )
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

/** Unpacks next to the final place, which the result takes only when it is complete. */
async function unpackAll(
  paths: string[],
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
    await parallel(paths, AT_ONCE, async (path) => {
      try {
        await unpackWheel(path, `${partial}/home`, { keep: (name) => isNeeded(name, gpu), onBytes });
      } catch (error) {
        if (error instanceof FtxError && path.startsWith(cache)) await Deno.remove(path); // so that it is downloaded anew
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

/** Removes the wheels that were unpacked, and parts that no setup came back for. */
async function clear(downloads: string, unpacked: string[]): Promise<void> {
  for (const path of unpacked) if (path.startsWith(`${downloads}/`)) await Deno.remove(path);
  await Deno.mkdir(downloads, { recursive: true });
  prune(downloads, new Set());
}

async function dropPartial(cache: string): Promise<void> {
  for await (const { name } of Deno.readDir(cache)) {
    if (name.startsWith("partial-")) await Deno.remove(`${cache}/${name}`, { recursive: true });
  }
}

/** A failure of a package index in words. */
function explained({ message, host, facts: { status, transient } }: NetFailure): string {
  if (status === 401 || status === 403) {
    return `"${host}" refuses access (${status}); put a name and password into the index's address`;
  }
  return status === undefined && transient ? `"${host}" cannot be reached: ${message}` : `"${host}" ${message}`;
}
