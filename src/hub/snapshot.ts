import { join } from "node:path";
import { StorageError } from "../errors.ts";
import { size as amount } from "../report/format.ts";
import { freeSpace, neededSpace } from "../run/space.ts";
import { download, isWhole } from "./download.ts";
import type { Hub } from "./hub.ts";
import { Inside } from "./inside.ts";
import type { HubFile, Listing } from "./listing.ts";
import { type Listener, Progress } from "./progress.ts";
import { folderOf, nameOf, type Repository } from "./repository.ts";

const AT_ONCE = 4; // files: more do not come faster, and each holds a connection

/**
 * Which files of a repository are needed. It may read small ones first, which are then downloaded.
 *
 * @throws {FtxError} The repository has not what is needed.
 */
export type Choose<F extends { path: string } = { path: string }> = (
  files: readonly F[],
  read: (path: string) => Promise<string>,
) => Promise<readonly string[]>;

/**
 * Makes the files of a repository that `choose` names lie in the cache, as Python's huggingface_hub would have put them
 * there: contents in `blobs`, links to them in `snapshots/COMMIT`, and last `refs/REVISION`, so that a branch never leads
 * to a snapshot whose download broke off.
 *
 * @returns the snapshot's folder
 * @throws {HubFailure} A file does not come.
 * @throws {StorageError} The disk has no room for them.
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
    const contents = new Map(absent.map((file) => [file.hash, file])); // two names may have one content
    await demandRoom([...contents.values()], folder, cache);
    const total = [...contents.values()].reduce((sum, { size }) => sum + size, 0);
    const progress = new Progress(nameOf(repository), total, listener);
    if (total > 0 && absent.some(({ size }) => size > 2 ** 20)) {
      const count = absent.length === 1 ? "1 file" : `${absent.length} files`;
      listener.say(`Downloading ${nameOf(repository)}: ${count}, ${amount(total)}`);
    }
    await parallel([...contents.values()], AT_ONCE, (file) =>
      download(hub, file, {
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

/** Whether a snapshot has a file: a link to its content, or on disks without links the content itself. */
async function isLinked(target: string, folder: string, file: HubFile, inside: Inside): Promise<boolean> {
  const path = join(target, file.path);
  if (!await isWhole(path, file, inside)) return false;
  const blob = await Deno.realPath(join(folder, "blobs", file.hash)).catch(() => undefined);
  return blob === undefined ? (await Deno.lstat(path)).isFile : await Deno.realPath(path) === blob;
}

/** Refuses before the first byte what the disk cannot hold. */
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

/** Runs `work` on all items, several at once; after the first failure no more are begun. */
async function parallel<T>(items: readonly T[], atOnce: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  let failed = false;
  const worker = async () => {
    for (let item = left.shift(); item !== undefined && !failed; item = left.shift()) {
      await work(item).catch((error) => {
        failed = true;
        throw error;
      });
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  for (const end of ends) if (end.status === "rejected") throw end.reason;
}

/** Notes which commit a branch is, as Python does. */
async function keepRef(path: string, commit: string, inside: Inside): Promise<void> {
  if (await Deno.readTextFile(path).catch(() => undefined) !== commit) await inside.write(path, commit);
}

const TAG = "Signature: 8a477f597d28d172789f06886806bc55\n" + // https://bford.info/cachedir/
  "# This folder holds files that can be downloaded again.\n";

/** Tells programs that make backups that this is a cache. One that cannot be written to needs no tag to be read. */
async function tagCache(inside: Inside): Promise<void> {
  const path = join(inside.root, "CACHEDIR.TAG");
  if (await Deno.lstat(path).catch(() => undefined) === undefined) await inside.write(path, TAG).catch(() => {});
}
