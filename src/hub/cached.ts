import { join, relative } from "node:path";
import { Inside } from "./inside.ts";
import { folderOf, isCommit, type Repository } from "./repository.ts";

/** A snapshot in the cache. */
export interface Cached {
  readonly folder: string;
  readonly files: readonly { path: string }[];
}

/** The snapshot of a repository in the cache, whichever program put it there; undefined if there is none. */
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
  for await (const { path } of entriesBelow(target)) {
    if (await inside.has(path)) files.push({ path: relative(target, path) }); // not so for a link that leads nowhere
  }
  return { folder: target, files };
}

/** Files and links below a folder, with their paths. */
export async function* entriesBelow(folder: string): AsyncGenerator<Deno.DirEntry & { path: string }> {
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* entriesBelow(path);
    else yield { ...entry, path };
  }
}

/** What lies in a folder; nothing where there is no folder. */
export async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}
