import { join } from "node:path";
import { entriesBelow, entriesOf } from "./cached.ts";
import type { Repository } from "./repository.ts";

/** A repository in a cache, whichever program put it there. */
export interface Stored {
  readonly kind: Repository["kind"];
  readonly id: string;
  readonly folder: string;
  /** Bytes on the disk, unfinished downloads included. */
  readonly bytes: number;
  /** Bytes of unfinished downloads. */
  readonly unfinished: number;
  /** Number of contents. */
  readonly files: number;
  /** Branches and tags, then commits that none of these leads to. */
  readonly revisions: readonly string[];
  /** When a content was last read or written, in milliseconds since 1970, as far as the disk records it. */
  readonly lastUsed: number;
}

const FOLDER = /^(model|dataset)s--(.+)$/;

/** The models and data sets in a cache, largest first; empty if there is no cache. */
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
  for await (const { path, isFile } of entriesBelow(snapshots)) {
    if (!isFile) continue; // a link to a content; where links cannot be made, contents lie here
    count(await Deno.lstat(path));
    files++;
  }
  const refs = join(folder, "refs");
  const named = new Map<string, string>();
  for await (const { path, isFile } of entriesBelow(refs)) {
    if (isFile) named.set(path.slice(refs.length + 1), await Deno.readTextFile(path));
  }
  const commits = (await entriesOf(snapshots)).map(({ name }) => name);
  const revisions = [...named.keys(), ...commits.filter((commit) => ![...named.values()].includes(commit))].sort();
  return { bytes, unfinished, files, revisions, lastUsed };
}
