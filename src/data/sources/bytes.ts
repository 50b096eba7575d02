import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { DataError } from "../../errors.ts";

const LONGEST_LINE = 32 * 2 ** 20; // bytes; anything longer is not a line of text
const HIGHEST_RATIO = 200; // unpacked bytes for each compressed one: more is a bomb
const LARGEST_UNPACKED = 8 * 2 ** 30; // bytes

/** The bytes of a file in pieces; a `.gz` file is unpacked. Throws `DataError`. */
export async function* readBytes(path: string): AsyncGenerator<Uint8Array> {
  const file = createReadStream(path, { highWaterMark: 1 << 20 });
  if (!path.endsWith(".gz")) return yield* named(path, file);
  const { size } = await stat(path);
  const unpacked = createGunzip({ chunkSize: 1 << 20 });
  file.on("error", (error) => unpacked.destroy(error));
  let sum = 0;
  for await (const piece of named(path, file.pipe(unpacked))) {
    sum += piece.length;
    if (sum > LARGEST_UNPACKED || sum > HIGHEST_RATIO * Math.max(size, 1 << 16)) {
      throw new DataError(
        `Cannot read "${path}": it unpacks to more than ${HIGHEST_RATIO} times its size or 8 GiB; ` +
          "if that is right, unpack it yourself",
      );
    }
    yield piece;
  }
}

async function* named(path: string, pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for await (const piece of pieces) yield piece;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new DataError(`Cannot read "${path}": ${reason(code, message)}`);
  }
}

function reason(code: string | undefined, message: string): string {
  if (code === "EACCES") return "it is not readable; check its permissions";
  if (code === "Z_BUF_ERROR") return "it is cut short; download or compress it again";
  if (code?.startsWith("Z_")) return "it is damaged or not a gzip file; download or compress it again";
  return `the system says "${message}"; check the file`;
}

/** A line's bytes and its number, counted from 1. */
export interface Line {
  readonly bytes: Uint8Array;
  readonly number: number;
}

/** The lines of a file, without their ends (LF or CRLF) and without a byte order mark at its start. */
export async function* readLines(path: string): AsyncGenerator<Line> {
  let number = 0;
  let pending: Uint8Array[] = [];
  let pendingLength = 0;
  const line = (last: Uint8Array): Line => {
    let bytes = pending.length === 0 ? last : concat([...pending, last]);
    [pending, pendingLength] = [[], 0];
    if (++number === 1 && bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
    if (bytes.at(-1) === 0x0d) bytes = bytes.subarray(0, -1);
    return { bytes, number };
  };
  for await (const piece of readBytes(path)) {
    let start = 0;
    for (let end = piece.indexOf(0x0a); end >= 0; end = piece.indexOf(0x0a, start)) {
      yield line(piece.subarray(start, end));
      start = end + 1;
    }
    pending.push(piece.subarray(start));
    pendingLength += piece.length - start;
    if (pendingLength > LONGEST_LINE) {
      throw new DataError(
        `Cannot read "${path}": line ${number + 1} is longer than 32 MiB; put one example on each line`,
      );
    }
  }
  if (pendingLength > 0) yield line(new Uint8Array(0));
}

/** Bytes as text, or nothing if they are not UTF-8. */
export function utf8(bytes: Uint8Array): string | undefined {
  try {
    return STRICT.decode(bytes);
  } catch {
    return undefined;
  }
}

const STRICT = new TextDecoder("utf-8", { fatal: true });

function concat(pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

/** A whole file as text. Throws `DataError` if it is not UTF-8, or longer than a JavaScript string can be. */
export async function readWhole(path: string): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of readBytes(path)) {
    pieces.push(piece);
    size += piece.length;
    if (size > LARGEST_WHOLE) {
      throw new DataError(`Cannot read "${path}": it is larger than 512 MiB; write it as JSON lines (.jsonl)`);
    }
  }
  const text = utf8(concat(pieces));
  if (text === undefined) throw new DataError(`Cannot read "${path}": it is not UTF-8; save it as UTF-8`);
  return text;
}

const LARGEST_WHOLE = 2 ** 29 - 2 ** 10; // characters: the longest string that V8 holds
