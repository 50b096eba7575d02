// A wheel is a zip file with a list of its files' checksums (RECORD). Opening one takes no Python.

import type { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { dirname } from "node:path";
import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
// @ts-types="@types/yauzl"
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { FtxError } from "../errors.ts";

/**
 * Unpacks the files for which `keep` holds into `folder`, each checked against the wheel's own checksum (SHA-256).
 *
 * @param onBytes called with the bytes of every piece written
 * @throws {FtxError} A file has another checksum.
 */
export async function unpackWheel(
  path: string,
  folder: string,
  { keep, onBytes = () => {} }: { keep: (name: string) => boolean; onBytes?: (bytes: number) => void },
): Promise<void> {
  const zip = await yauzl.openPromise(path, { autoClose: false });
  try {
    const entries = await Array.fromAsync(zip.eachEntry());
    const sums = checksums(await recordOf(zip, entries));
    for (const entry of entries.filter(({ fileName }) => !fileName.endsWith("/") && keep(fileName))) {
      const target = `${folder}/${entry.fileName}`;
      await Deno.mkdir(dirname(target), { recursive: true });
      const sum = createHash("sha256");
      const count = new PassThrough({
        transform(piece: Buffer, _encoding, done) {
          sum.update(piece);
          onBytes(piece.length);
          done(null, piece);
        },
      });
      await pipeline(await zip.openReadStreamPromise(entry), count, createWriteStream(target));
      if (sum.digest("base64url") !== sums.get(entry.fileName)) {
        throw new FtxError(
          `Cannot unpack "${path}": the SHA-256 of ${entry.fileName} is not the one of the wheel's RECORD; download it again`,
        );
      }
    }
  } finally {
    zip.close();
  }
}

async function recordOf(zip: ZipFile, entries: Entry[]): Promise<string> {
  const entry = entries.find(({ fileName }) => fileName.endsWith(".dist-info/RECORD"));
  if (!entry) throw new FtxError("Cannot unpack a wheel that has no RECORD");
  return new TextDecoder().decode(await buffer(await zip.openReadStreamPromise(entry)));
}

/** File name -> SHA-256 in base64url, from a wheel's RECORD ("torch/version.py,sha256=bKpg…,254"). */
export function checksums(record: string): Map<string, string> {
  return new Map(Array.from(record.matchAll(/^"?(.+?)"?,sha256=([\w-]+)/gm), ([, name, sum]) => [name, sum]));
}
