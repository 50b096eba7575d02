import { join } from "node:path";
import type { Repository } from "./repository.ts";

/** A repository in a cache, by whichever program. */
export interface Stored {
  readonly kind: Repository["kind"];
  readonly id: string;
  readonly folder: string;
  /** Bytes on the disk, of contents and of begun downloads. */
  readonly bytes: number;
  /** Of these, bytes of downloads that are not finished. */
  readonly unfinished: number;
  /** Contents. */
  readonly files: number;
  /** Branches and tags that lead to a snapshot, and snapshots that none leads to. */
  readonly revisions: readonly string[];
  /** When a content was last read or written, in milliseconds since 1970; as exact as the disk keeps such times. */
  readonly lastUsed: number;
}

const FOLDER = /^(model|dataset)s--(.+)$/;

/** The models and data sets of a cache, the largest first. None where there is no cache. */
export async function storedIn(cache: string): Promise<Stored[]> {
  const found: Stored[] = [];
  for (const entry of await entriesOf(cache)) {
    const [, kind, name] = FOLDER.exec(entry.name) ?? [];
    if (kind === undefined || !(entry.isDirectory || entry.isSymlink)) continue;
    const place = { kind: kind as Repository["kind"], id: name.replaceAll("--", "/"), folder: join(cache, entry.name) };
    found.push({ ...place, ...await factsOf(place.folder) });
  }
  return found.sort((a, b) => b.bytes - a.bytes || (a.id < b.id ? -1 : 1));
}

async function factsOf(folder: string) {
  let bytes = 0, unfinished = 0, files = 0, lastUsed = 0;
  const count = (info: Deno.FileInfo) => {
    bytes += info.size;
    lastUsed = Math.max(lastUsed, info.atime?.getTime() ?? 0, info.mtime?.getTime() ?? 0);
  };
  for (const { name } of await entriesOf(join(folder, "blobs"))) {
    const info = await Deno.stat(join(folder, "blobs", name)).catch(() => undefined);
    if (info?.isFile !== true) continue;
    count(info);
    if (name.endsWith(".incomplete")) unfinished += info.size;
    else files++;
  }
  const snapshots = join(folder, "snapshots");
  for await (const path of below(snapshots)) { // where links cannot be made, contents lie here
    count(await Deno.lstat(path));
    files++;
  }
  const refs = join(folder, "refs");
  const named = new Map<string, string>();
  for await (const path of below(refs)) named.set(path.slice(refs.length + 1), await Deno.readTextFile(path));
  const commits = (await entriesOf(snapshots)).map(({ name }) => name);
  const revisions = [...named.keys(), ...commits.filter((commit) => ![...named.values()].includes(commit))].sort();
  return { bytes, unfinished, files, revisions, lastUsed };
}

/** Files below a folder, links left out. */
async function* below(folder: string): AsyncGenerator<string> {
  for (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) yield* below(path);
    else if (entry.isFile) yield path;
  }
}

async function entriesOf(folder: string): Promise<Deno.DirEntry[]> {
  try {
    return await Array.fromAsync(Deno.readDir(folder));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return [];
    throw error;
  }
}
