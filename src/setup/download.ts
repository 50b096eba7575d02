// A wheel comes to the disk, and gets its name only when its checksum is right.

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { constants } from "node:fs";
import { fileURLToPath } from "node:url";
import { FtxError } from "../errors.ts";
import { exists } from "../libtorch/mod.ts";
import { type Client, download, type OnBytes } from "../net/mod.ts";
import { hashFile } from "../run/durable.ts";
import type { Wheel } from "./wheels.ts";

/** A wheel, and the address it was found at. */
export interface FoundWheel extends Wheel {
  readonly url: string;
}

/** Where a wheel is on the disk: its own place if it is on this machine, else in `folder`, with its checksum in the name. */
export function placeOf({ url, file, sha256 }: FoundWheel, folder: string): string {
  return url.startsWith("file:") ? fileURLToPath(url) : `${folder}/${sha256.slice(0, 12)}-${file}`;
}

/**
 * Brings a wheel into `folder` and returns its path; one that is on this machine stays where it is.
 *
 * @throws {NetFailure} The index does not send it, or sends something else.
 * @throws {FtxError} The file on this machine is another one.
 */
export async function fetchWheel(
  client: Client,
  wheel: FoundWheel,
  folder: string,
  onBytes: OnBytes = () => {},
): Promise<string> {
  const path = placeOf(wheel, folder), { url, file, size, sha256 } = wheel;
  if (url.startsWith("file:")) {
    if ((await hashFile(path)).sha256 === sha256) return onBytes(size, false), path;
    throw new FtxError(
      `Cannot use "${path}": its SHA-256 is not the one of "${file}" that ftx knows; remove it, or name another index ` +
        "with --index-url",
    );
  }
  if (exists(path)) return onBytes(size, false), path; // it got its name once its checksum was right
  await Deno.mkdir(folder, { recursive: true });
  {
    await using part = await open(`${path}.part`, constants.O_RDWR | constants.O_CREAT);
    const hash = () => createHash("sha256");
    await download(client, { url, name: file, size, digest: sha256, hash }, part, onBytes);
  }
  Deno.renameSync(`${path}.part`, path);
  return path;
}
