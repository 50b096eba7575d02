import type { FileHandle } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { checksumOf } from "./checksum.ts";
import { HubFailure } from "./failure.ts";
import type { Hub } from "./hub.ts";
import type { Inside } from "./inside.ts";
import type { HubFile } from "./listing.ts";
import { Lock } from "./lock.ts";

const PIECE = 2 ** 20; // bytes of a kept part that are read at once
const ADVANCE = 2 ** 20; // bytes that make a try worth another one

/** Where the content of a file goes, and who is told. */
export interface DownloadOptions {
  /** Address of the file. */
  url: string;
  /** Folder of the repository in the cache. */
  folder: string;
  inside: Inside;
  /** Gets the bytes that came, from the net or from an earlier try; negative ones were for nothing. */
  onBytes?: (bytes: number, fromNet: boolean) => void;
  /** Told once when another process is downloading the same. */
  onWait?: () => void;
}

/**
 * Downloads the content of a file into `blobs`, under the name of its hash: goes on with the part that an earlier try
 * left, checks the hash, and only then gives it its name. Several processes wait for each other.
 *
 * @returns the path of the content
 * @throws {HubFailure} The hub does not send it, or what it sends is not what it lists.
 */
export async function download(hub: Hub, file: HubFile, options: DownloadOptions): Promise<string> {
  const { folder, inside, onBytes = () => {} } = options;
  const blob = join(folder, "blobs", file.hash);
  if (await isWhole(blob, file, inside)) return onBytes(file.size, false), blob;
  const lock = join(dirname(folder), ".locks", basename(folder), `${file.hash}.lock`);
  using _ = await Lock.take(inside, lock, options.onWait);
  if (await isWhole(blob, file, inside)) return onBytes(file.size, false), blob;
  const part = `${blob}.incomplete`;
  await using handle = await inside.open(part);
  await fill(hub, file, handle, options);
  await handle.datasync(); // the name says what is in it, also after a power cut
  await Deno.rename(part, blob);
  return blob;
}

/** Whether the content is there: a file of the right length in the cache. Its name was given once its hash was right. */
export async function isWhole(path: string, { size }: HubFile, inside: Inside): Promise<boolean> {
  const info = await Deno.stat(path).catch(() => undefined);
  return info?.isFile === true && info.size === size && await inside.has(path);
}

async function fill(hub: Hub, file: HubFile, handle: FileHandle, { url, onBytes = () => {} }: DownloadOptions) {
  let { hash, bytes } = await readPart(handle, file);
  onBytes(bytes, false);
  let marked = bytes, wrong = 0;
  const restart = async () => {
    await handle.truncate(0);
    onBytes(-bytes, false);
    [hash, bytes, marked] = [checksumOf(file), 0, 0];
  };
  await hub.persist(async () => {
    const misfit = (why: string) => new HubFailure(`${why} of "${file.path}"`, hub.host, { passing: wrong++ === 0 });
    if (bytes < file.size) {
      await hub.fetchFile(url, bytes, {
        begin: async (at) => {
          if (at !== bytes) await restart();
        },
        take: async (piece) => {
          if (bytes + piece.length > file.size) {
            await restart();
            throw misfit("sends more than the whole");
          }
          await handle.write(piece, 0, piece.length, bytes);
          hash.update(piece);
          bytes += piece.length;
          onBytes(piece.length, true);
        },
      });
    }
    if (bytes < file.size) throw new HubFailure("the connection broke off", hub.host, { passing: true });
    if (hash.copy().digest("hex") === file.hash) return;
    await restart();
    throw misfit("sends something else in the place");
  }, {
    progress: () => {
      const advanced = bytes - marked >= ADVANCE;
      if (advanced) marked = bytes;
      return advanced;
    },
  });
}

/** What an earlier try left: how much, and its checksum so far. */
async function readPart(handle: FileHandle, file: HubFile) {
  const hash = checksumOf(file);
  const { size } = await handle.stat();
  if (size > file.size) {
    await handle.truncate(0);
    return { hash, bytes: 0 };
  }
  const piece = new Uint8Array(PIECE);
  let bytes = 0;
  while (bytes < size) {
    const { bytesRead } = await handle.read(piece, 0, piece.length, bytes);
    if (bytesRead === 0) break;
    hash.update(piece.subarray(0, bytesRead));
    bytes += bytesRead;
  }
  return { hash, bytes };
}
