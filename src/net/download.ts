import type { Hash } from "node:crypto";
import type { FileHandle } from "node:fs/promises";
import type { Client } from "./client.ts";
import { NetFailure } from "./failure.ts";

const PIECE = 2 ** 20; // bytes of an earlier part that are read at once
const ADVANCE = 2 ** 20; // bytes that make a try count as progress

/** A file whose size and checksum are known before it is downloaded. */
export interface Wanted {
  readonly url: string;
  /** What messages call it. */
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** The checksum, in hexadecimal, */
  readonly digest: string;
  /** and a fresh hash of its kind. */
  readonly hash: () => Hash;
}

/** Called with bytes that arrived now (`fromNet`) or are left of an earlier try; negative ones have to come again. */
export type OnBytes = (bytes: number, fromNet: boolean) => void;

/**
 * Fills an open file with a download: continues the part that is in it, and starts over where that part is wrong. On return
 * the file has the right size and checksum and is on the disk.
 *
 * @throws {NetFailure} The server does not send the file, or twice sends another one.
 */
export async function download(client: Client, wanted: Wanted, to: FileHandle, onBytes: OnBytes = () => {}) {
  const { url, name, size, digest } = wanted, { host } = new URL(url);
  let { hash, bytes } = await readPart(wanted, to);
  onBytes(bytes, false);
  let marked = bytes, wrong = 0;
  const restart = async () => {
    await to.truncate(0);
    onBytes(-bytes, false);
    [hash, bytes, marked] = [wanted.hash(), 0, 0];
  };
  await client.persist(async () => {
    const misfit = (what: string) => new NetFailure(what, host, { transient: wrong++ === 0 });
    if (bytes < size) {
      await client.fetchFile(url, bytes, {
        begin: async (at) => {
          if (at !== bytes) await restart();
        },
        take: async (piece) => {
          if (bytes + piece.length > size) {
            await restart();
            throw misfit(`sends more bytes than "${name}" has`);
          }
          await to.write(piece, 0, piece.length, bytes);
          hash.update(piece);
          bytes += piece.length;
          onBytes(piece.length, true);
        },
      });
    }
    if (bytes < size) throw new NetFailure("the connection broke", host, { transient: true });
    if (hash.copy().digest("hex") === digest) return;
    await restart();
    throw misfit(`sends a "${name}" with another checksum`); // the first time, the part may have been another file's
  }, {
    progress: () => {
      const advanced = bytes - marked >= ADVANCE;
      if (advanced) marked = bytes;
      return advanced;
    },
  });
  await to.datasync();
}

/** How much an earlier try left, and its checksum so far. */
async function readPart(wanted: Wanted, from: FileHandle): Promise<{ hash: Hash; bytes: number }> {
  const hash = wanted.hash();
  const { size } = await from.stat();
  if (size > wanted.size) {
    await from.truncate(0);
    return { hash, bytes: 0 };
  }
  const piece = new Uint8Array(PIECE);
  let bytes = 0;
  while (bytes < size) {
    const { bytesRead } = await from.read(piece, 0, piece.length, bytes);
    if (bytesRead === 0) break;
    hash.update(piece.subarray(0, bytesRead));
    bytes += bytesRead;
  }
  return { hash, bytes };
}
