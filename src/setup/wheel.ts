// A wheel is a zip with a list of its files' checksums (RECORD). Nothing of Python is needed to open one.

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
 * `onBytes` is told of every piece written.
 */
export async function unpackWheel(
  path: string,
  folder: string,
  { keep, onBytes = () => {} }: { keep: (name: string) => boolean; onBytes?: (bytes: number) => void },
): Promise<void> {
  await inWheel(path, async (zip, entries) => {
    const sums = checksums(await readText(zip, entries, "RECORD"));
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
  });
}

/** A wheel's METADATA. */
export function metadataOf(path: string): Promise<string> {
  return inWheel(path, (zip, entries) => readText(zip, entries, "METADATA"));
}

async function inWheel<T>(path: string, work: (zip: ZipFile, entries: Entry[]) => Promise<T>): Promise<T> {
  const zip = await yauzl.openPromise(path, { autoClose: false });
  try {
    return await work(zip, await Array.fromAsync(zip.eachEntry()));
  } finally {
    zip.close();
  }
}

/** File name -> SHA-256 in base64url, from a wheel's RECORD ("torch/version.py,sha256=bKpg…,254"). */
export function checksums(record: string): Map<string, string> {
  return new Map(Array.from(record.matchAll(/^"?(.+?)"?,sha256=([\w-]+)/gm), ([, name, sum]) => [name, sum]));
}

async function readText(zip: ZipFile, entries: Entry[], name: string): Promise<string> {
  const entry = entries.find(({ fileName }) => fileName.endsWith(`.dist-info/${name}`));
  if (!entry) throw new FtxError(`Cannot unpack a wheel that has no ${name}`);
  return new TextDecoder().decode(await buffer(await zip.openReadStreamPromise(entry)));
}
