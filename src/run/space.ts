import { ftruncateSync, statfsSync } from "node:fs";
import { StorageError } from "../errors.ts";

const SPARE = 256 * 2 ** 20; // bytes left free for logs and for other programs

/** Bytes that this process may still write on the disk of `folder`. */
export function freeSpace(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

/** Bytes that must be free to save `bytes`: 5 % more for the file system's metadata, and up to 256 MiB to spare. */
export function neededSpace(bytes: number): number {
  return Math.ceil(bytes * 1.05) + Math.min(SPARE, bytes);
}

/** Throws a `StorageError` when `path`, with `bytes` in it, does not fit on the disk of `folder`. */
export function demandSpace(folder: string, bytes: number, path = folder): void {
  const free = freeSpace(folder);
  if (free >= neededSpace(bytes)) return;
  throw new StorageError(
    `Cannot write "${path}": ${amount(neededSpace(bytes))} are needed and ${amount(free)} are free; ` +
      "make room or choose another folder",
  );
}

/** Bytes in the largest unit that leaves two digits or more: `236 KiB`, `12 MiB`. */
export function amount(bytes: number): string {
  const kib = Math.ceil(bytes / 1024);
  if (kib < 10 * 1024) return `${kib} KiB`;
  return kib < 10 * 2 ** 20 ? `${Math.ceil(kib / 1024)} MiB` : `${Math.ceil(kib / 2 ** 20)} GiB`;
}

const libc = openLibc();

function openLibc() {
  try {
    return Deno.dlopen("libc.so.6", { fallocate: { parameters: ["i32", "i32", "i64", "i64"], result: "i32" } });
  } catch {
    return undefined; // not Linux with glibc
  }
}

/**
 * Allocates the blocks of a whole file before it is written, so that a full disk fails at once and not after an hour of
 * writing. A file system without fallocate (NFS, FUSE) only sets the file's length.
 */
export function reserve(fd: number, bytes: number): void {
  if (bytes > 0 && libc?.symbols.fallocate(fd, 0, 0n, BigInt(bytes)) !== 0) ftruncateSync(fd, bytes);
}
