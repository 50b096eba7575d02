import { join } from "node:path";
import { StorageError } from "../errors.ts";
import { parallel } from "../net/mod.ts";
import { size as amount } from "../report/format.ts";
import { type Listener, Progress } from "../report/progress.ts";
import { freeSpace, neededSpace } from "../run/space.ts";
import { downloadBlob, isWhole } from "./download.ts";
import type { Hub } from "./hub.ts";
import { Inside } from "./inside.ts";
import type { HubFile, Listing } from "./listing.ts";
import { folderOf, nameOf, type Repository } from "./repository.ts";

const AT_ONCE = 4; // files: more are no faster, and each takes a connection

/**
 * Chooses the needed files of a repository. It may `read` small ones first, which downloads them.
 *
 * @throws {FtxError} The repository lacks what is needed.
 */
export type Choose<F extends { path: string } = { path: string }> = (
  files: readonly F[],
  read: (path: string) => Promise<string>,
) => Promise<readonly string[]>;

/**
 * Downloads the files that `choose` chooses into the cache, in the layout of Python's huggingface_hub: contents in `blobs`,
 * links to them in `snapshots/COMMIT`, and last `refs/REVISION`, so that a branch never leads to an incomplete snapshot.
 *
 * @returns the snapshot's folder
 * @throws {NetFailure} A file cannot be downloaded.
 * @throws {StorageError} The disk has no room for the files.
 */
export async function snapshot(
  hub: Hub,
  repository: Repository,
  { commit, files }: Listing,
  { cache, choose, listener }: { cache: string; choose: Choose; listener: Listener },
): Promise<string> {
  const inside = await Inside.make(cache);
  const folder = folderOf(repository, cache);
  const target = join(folder, "snapshots", commit);
  const byPath = new Map(files.map((file) => [file.path, file]));
  const { kind, id } = repository;
  const urlOf = ({ path }: HubFile) =>
    `${hub.endpoint}/${kind === "dataset" ? "datasets/" : ""}${id}/resolve/${commit}/${
      path.split("/").map(encodeURIComponent).join("/")
    }`;

  const fetchAll = async (wanted: readonly HubFile[]) => {
    const absent: HubFile[] = [];
    for (const file of wanted) {
      if (!await isLinked(target, folder, file, inside)) absent.push(file);
    }
    const contents = new Map(absent.map((file) => [file.hash, file])); // two files may have the same content
    await demandRoom([...contents.values()], folder, cache);
    const total = [...contents.values()].reduce((sum, { size }) => sum + size, 0);
    const progress = new Progress(nameOf(repository), total, listener);
    if (total > 0 && absent.some(({ size }) => size > 2 ** 20)) {
      const count = absent.length === 1 ? "1 file" : `${absent.length} files`;
      listener.say(`Downloading ${nameOf(repository)}: ${count}, ${amount(total)}`);
    }
    await parallel([...contents.values()], AT_ONCE, (file) =>
      downloadBlob(hub, file, {
        ...{ url: urlOf(file), folder, inside },
        onBytes: (bytes, fromNet) => progress.add(bytes, fromNet),
        onWait: () => listener.say(`Another process is downloading ${nameOf(repository)}; waiting for it`),
      }));
    for (const file of absent) await inside.link(join(target, file.path), join(folder, "blobs", file.hash));
    listener.clear();
  };
  const read = async (path: string) => {
    await fetchAll([byPath.get(path)!]);
    return await Deno.readTextFile(join(target, path));
  };

  await inside.folder(target);
  await tagCache(inside);
  const chosen = await choose(files, read);
  await fetchAll(chosen.map((path) => byPath.get(path)!));
  if (repository.revision !== commit) await keepRef(join(folder, "refs", repository.revision), commit, inside);
  return target;
}

/** Whether a snapshot has a file: a link to its content or, on disks without links, the content itself. */
async function isLinked(target: string, folder: string, file: HubFile, inside: Inside): Promise<boolean> {
  const path = join(target, file.path);
  if (!await isWhole(path, file, inside)) return false;
  const blob = await Deno.realPath(join(folder, "blobs", file.hash)).catch(() => undefined);
  return blob === undefined ? (await Deno.lstat(path)).isFile : await Deno.realPath(path) === blob;
}

/** Throws before the first byte is downloaded if the disk has no room for the files. */
async function demandRoom(files: readonly HubFile[], folder: string, cache: string): Promise<void> {
  let bytes = 0;
  for (const { hash, size } of files) {
    const part = await Deno.stat(join(folder, "blobs", `${hash}.incomplete`)).catch(() => undefined);
    bytes += Math.max(0, size - (part?.size ?? 0));
  }
  const free = freeSpace(cache);
  if (bytes === 0 || free >= neededSpace(bytes)) return;
  throw new StorageError(
    `Cannot download into "${cache}": ${amount(neededSpace(bytes))} are needed and ${amount(free)} are free; ` +
      "make room, or choose another disk with cache_dir or HF_HOME",
  );
}

/** Records the commit of a branch, as Python does. */
async function keepRef(path: string, commit: string, inside: Inside): Promise<void> {
  if (await Deno.readTextFile(path).catch(() => undefined) !== commit) await inside.write(path, commit);
}

const TAG = "Signature: 8a477f597d28d172789f06886806bc55\n" + // https://bford.info/cachedir/
  "# This folder holds files that can be downloaded again.\n";

/** Marks the folder as a cache for backup programs. A cache that cannot be written can still be read. */
async function tagCache(inside: Inside): Promise<void> {
  const path = join(inside.root, "CACHEDIR.TAG");
  if (await Deno.lstat(path).catch(() => undefined) === undefined) await inside.write(path, TAG).catch(() => {});
}
