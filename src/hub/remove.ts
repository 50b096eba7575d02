import { basename, join } from "node:path";
import { FtxError, StorageError } from "../errors.ts";
import { didYouMean } from "../settings/nearest.ts";
import { processSuffix } from "../run/durable.ts";
import { modelNamed } from "./registry/mod.ts";
import { type Stored, storedIn } from "./stored.ts";

/**
 * The repository in a cache with a name: `org/name`, a short name, or `models/org/name` or `datasets/org/name` to tell the
 * two apart.
 *
 * @throws {FtxError} The cache has none of this name, or two.
 */
export async function storedNamed(name: string, cache: string): Promise<Stored> {
  const all = await storedIn(cache);
  const [, kind, rest] = /^(model|dataset)s\/(.+)$/.exec(name) ?? [];
  const id = rest ?? modelNamed(name)?.hub ?? name;
  const found = all.filter((one) => one.id === id && (kind === undefined || one.kind === kind));
  if (found.length === 1) return found[0];
  throw new FtxError(
    found.length > 1
      ? `Cannot remove "${name}": a model and a data set have this name; write models/${id} or datasets/${id}`
      : `Cannot remove "${name}": the cache "${cache}" does not have it${
        didYouMean(id, all.map((one) => one.id)) || "; ftx models list shows what it has"
      }`,
  );
}

/**
 * Removes a repository from a cache: its contents, snapshots, branches and locks, and nothing else. Removes links, but not
 * what they lead to.
 *
 * @throws {StorageError} Its folder is a link, or another process is downloading into it.
 */
export async function removeStored({ folder, id }: Stored, cache: string): Promise<void> {
  const wrong = (why: string) => new StorageError(`Cannot remove "${id}": ${why}`);
  if ((await Deno.lstat(folder)).isSymlink) {
    throw wrong(`its folder "${folder}" is a link to "${await Deno.readLink(folder)}"; remove both by hand`);
  }
  const locks = join(cache, ".locks", basename(folder));
  if (await isBusy(locks)) throw wrong("another process is downloading it; wait for it or stop it");
  // Renamed first: nobody who looks meanwhile may find half of the files.
  const going = join(cache, `.removed-${processSuffix()}`);
  await Deno.rename(folder, going);
  await Deno.remove(going, { recursive: true });
  if (await isFolder(join(cache, ".locks")) && await isFolder(locks)) await Deno.remove(locks, { recursive: true });
}

/** Whether a process holds one of the locks in a folder. */
async function isBusy(locks: string): Promise<boolean> {
  if (!await isFolder(locks)) return false;
  for await (const { name, isFile } of Deno.readDir(locks)) {
    if (!isFile) continue;
    using file = await Deno.open(join(locks, name), { read: true, write: true });
    if (!file.tryLockSync(true)) return true;
  }
  return false;
}

const isFolder = (path: string) => Deno.lstat(path).then((info) => info.isDirectory, () => false);
