import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { crashPoint } from "./crash.ts";
import { reserve } from "./space.ts";
import { WriteBehind } from "./write_behind.ts";

const PIECE = 8 * 2 ** 20; // bytes hashed and handed on at once: short enough for a signal to be heard in between

/** What is known of a file after it was written: its length in bytes and its SHA-256 in hexadecimal. */
export interface Written {
  bytes: number;
  sha256: string;
}

/** Where the pieces of a file go, in their order. */
export interface Sink {
  write(piece: Uint8Array): Promise<number>;
}

/**
 * Creates a file and returns when what `pour` wrote is on the disk. A failure throws and leaves the file for the caller to
 * remove; a sync that failed is never tried again, because the kernel may have dropped the pages that it could not
 * write.
 *
 * @param pour gets the place for the pieces, and `reserve`, which takes the room for all of them from the disk at once
 */
export async function createDurably<T>(
  path: string,
  pour: (sink: Sink, reserve: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  const file = await open(path, "wx", 0o644);
  const behind = new WriteBehind(file);
  try {
    crashPoint("file-opened");
    const result = await pour(behind, (bytes) => reserve(file.fd, bytes));
    await behind.settle();
    crashPoint("before-file-sync");
    await file.datasync();
    crashPoint("after-file-sync");
    return result;
  } finally {
    await behind.settle().catch(() => {}); // nothing may still be written when the file is closed
    await file.close();
  }
}

/**
 * Writes a new file with this content; on return it is on the disk. The space is reserved first, so that a full disk
 * is known before anything is written.
 *
 * The hash is SHA-256 although xxh3 is ten times as fast: a person can check it with `sha256sum`, and at 1.8 GB/s it is
 * still faster than a disk that syncs.
 */
export function writeDurably(path: string, data: Uint8Array): Promise<Written> {
  return createDurably(path, async (sink, reserve) => {
    reserve(data.byteLength);
    const hash = createHash("sha256");
    for (let at = 0; at < data.byteLength; at += PIECE) {
      const piece = data.subarray(at, at + PIECE);
      hash.update(piece);
      await sink.write(piece);
    }
    return { bytes: data.byteLength, sha256: hash.digest("hex") };
  });
}

/** Puts a new content in the place of a small file: readers see the old one or the new one whole, also after a power cut. */
export async function replaceFile(path: string, data: Uint8Array | string): Promise<void> {
  const temporary = temporaryName(path);
  try {
    await writeDurably(temporary, typeof data === "string" ? new TextEncoder().encode(data) : data);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  await syncFolder(dirname(path));
}

/** The SHA-256 and length of a file, read in pieces. */
export async function hashFile(path: string): Promise<Written> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  const piece = new Uint8Array(PIECE);
  let bytes = 0;
  for (let read = await file.read(piece); read !== null; read = await file.read(piece)) {
    hash.update(piece.subarray(0, read));
    bytes += read;
  }
  return { bytes, sha256: hash.digest("hex") };
}

/** `final` with a suffix that names this process, so that a later one can see whether its writer still lives. */
export function temporaryName(final: string): string {
  return `${final}.tmp-${processSuffix()}`;
}

/** Number of this process and eight random digits. */
export const processSuffix = () => `${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;

/** Makes the names in a folder outlive a power cut: files created, renamed or removed in it. */
export async function syncFolder(folder: string): Promise<void> {
  using handle = await Deno.open(folder);
  await handle.sync();
}
