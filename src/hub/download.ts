import { createHash, type Hash } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { download, type OnBytes } from "../net/mod.ts";
import type { Hub } from "./hub.ts";
import type { Inside } from "./inside.ts";
import type { HubFile } from "./listing.ts";

/** Where the content of a file goes, and who hears of it. */
export interface BlobOptions {
  /** Address of the file. */
  url: string;
  /** Folder of the repository in the cache. */
  folder: string;
  inside: Inside;
  onBytes?: OnBytes;
  /** Called once if another process is downloading the same content. */
  onWait?: () => void;
}

/**
 * Downloads the content of a file to `blobs/HASH`: continues the part that an earlier try left, checks the hash, and only
 * then gives the file its name. Processes that want the same content wait for each other.
 *
 * @returns the path of the content
 * @throws {NetFailure} The hub does not send it, or sends something other than what it lists.
 */
export async function downloadBlob(hub: Hub, file: HubFile, options: BlobOptions): Promise<string> {
  const { url, folder, inside, onBytes = () => {}, onWait } = options;
  const { hash, size, path } = file;
  const blob = join(folder, "blobs", hash);
  if (await isWhole(blob, file, inside)) return onBytes(size, false), blob;
  using _ = await inside.lock(join(dirname(folder), ".locks", basename(folder), `${hash}.lock`), onWait);
  if (await isWhole(blob, file, inside)) return onBytes(size, false), blob;
  const part = `${blob}.incomplete`;
  await using handle = await inside.open(part);
  await download(hub, { url, name: path, size, digest: hash, hash: () => startHash(file) }, handle, onBytes);
  await Deno.rename(part, blob);
  return blob;
}

/** Whether `path` has the content: a file of the right size, in the cache. It got its name once its hash was right. */
export async function isWhole(path: string, { size }: HubFile, inside: Inside): Promise<boolean> {
  const info = await Deno.stat(path).catch(() => undefined);
  return info?.isFile === true && info.size === size && await inside.has(path);
}

/** The hash that a hub knows a file by: SHA-256 for large files, for others git's, SHA-1 after a header. */
function startHash({ hash, size }: HubFile): Hash {
  return hash.length === 64 ? createHash("sha256") : createHash("sha1").update(`blob ${size}\0`);
}
