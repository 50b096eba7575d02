import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { crashPoint } from "./crash.ts";
import { reserve } from "./space.ts";

const PIECE = 8 * 2 ** 20; // bytes written and hashed at once: long enough for the disk, short enough for a signal

/** What is known of a file after it was written: its length in bytes and its SHA-256 in hexadecimal. */
export interface Written {
  bytes: number;
  sha256: string;
}

/**
 * Writes a new file and returns when its content is on the disk. The space is reserved first, so that a full disk is
 * known before anything is written. A failure throws and leaves the file for the caller to remove; a sync that failed
 * is never tried again, because the kernel may have dropped the pages that it could not write.
 *
 * The hash is SHA-256 although xxh3 is ten times as fast: a person can check it with `sha256sum`, and at 1.8 GB/s it is
 * still faster than a disk that syncs.
 */
export async function writeDurably(path: string, data: Uint8Array): Promise<Written> {
  const file = await open(path, "wx", 0o644);
  try {
    crashPoint("file-opened");
    reserve(file.fd, data.byteLength);
    const hash = createHash("sha256");
    for (let at = 0; at < data.byteLength; at += PIECE) {
      const piece = data.subarray(at, at + PIECE);
      hash.update(piece);
      await writeAll(file, piece, at);
      crashPoint("piece");
    }
    crashPoint("before-file-sync");
    await file.datasync();
    crashPoint("after-file-sync");
    return { bytes: data.byteLength, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, piece: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < piece.byteLength;) {
    done += (await file.write(piece, done, piece.byteLength - done, at + done)).bytesWritten;
  }
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
