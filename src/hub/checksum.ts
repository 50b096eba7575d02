import { createHash, type Hash } from "node:crypto";
import type { HubFile } from "./listing.ts";

/** The checksum that a file's hash is of: SHA-256 for large files, for others SHA-1 behind git's header. */
export function checksumOf({ hash, size }: Pick<HubFile, "hash" | "size">): Hash {
  if (hash.length === 64) return createHash("sha256");
  return createHash("sha1").update(`blob ${size}\0`);
}
