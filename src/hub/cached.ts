import { join, relative } from "node:path";
import { Inside } from "./inside.ts";
import { folderOf, isCommit, type Repository } from "./repository.ts";

/** A snapshot in the cache. */
export interface Cached {
  readonly folder: string;
  readonly files: readonly { path: string }[];
}

/** The snapshot of a repository that the cache has, by whichever program; undefined if it has none. Asks nobody. */
export async function cached(repository: Repository, cache: string): Promise<Cached | undefined> {
  const folder = folderOf(repository, cache);
  const commit = isCommit(repository.revision)
    ? repository.revision
    : await Deno.readTextFile(join(folder, "refs", repository.revision)).catch(() => undefined);
  if (commit === undefined || !isCommit(commit.trim())) return undefined;
  const target = join(folder, "snapshots", commit.trim());
  if (!await Deno.stat(target).then((info) => info.isDirectory, () => false)) return undefined;
  const inside = await Inside.make(cache);
  const files: { path: string }[] = [];
  for await (const path of filesBelow(target)) {
    if (await inside.has(path)) files.push({ path: relative(target, path) }); // a link that leads nowhere is no file
  }
  return { folder: target, files };
}

async function* filesBelow(folder: string): AsyncGenerator<string> {
  for await (const entry of Deno.readDir(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* filesBelow(path);
    else yield path;
  }
}
