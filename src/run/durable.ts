import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import type { Sink, Written } from "../safetensors/mod.ts";
import { crashPoint } from "./crash.ts";
import { reserve } from "./space.ts";
import { WriteBehind } from "./write_behind.ts";

const PIECE = 8 * 2 ** 20; // bytes hashed and written at once: small enough for signals to be handled in between

/**
 * Creates a file and returns once everything that `pour` wrote is on disk. A failure throws and leaves the file for the
 * caller to remove; a failed sync is never retried, because the kernel may have dropped the pages that it could not write.
 *
 * @param pour gets the sink to write to, and `reserve`, which allocates disk space for the whole file
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
    await behind.settle().catch(() => {}); // no write may be in flight when the file is closed
    await file.close();
  }
}

/**
 * Writes a new file; on return its content is on disk. Space is reserved first, so that a full disk fails before anything
 * is written.
 *
 * The hash is SHA-256 although xxh3 is ten times as fast: anyone can check it with `sha256sum`, and at 1.8 GB/s it is
 * still faster than a syncing disk.
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

/** Replaces a small file atomically: readers see the whole old or the whole new content, even after a power cut. */
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

/** `final` with a suffix that names this process, so that a later process can tell whether the writer still runs. */
export function temporaryName(final: string): string {
  return `${final}.tmp-${processSuffix()}`;
}

/** This process's id and eight random hexadecimal digits. */
export const processSuffix = () => `${Deno.pid}-${crypto.randomUUID().slice(0, 8)}`;

/** Syncs a folder, so that files created, renamed or removed in it stay so after a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  using handle = await Deno.open(folder);
  await handle.sync();
}
