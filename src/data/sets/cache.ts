import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { otherThanFile } from "../../outside.ts";
import type { Documents } from "./documents.ts";
import type { Rows } from "./rows.ts";

/** The format of a file, and the rules by which rows become ids. Raised with either: older files are then not read. */
export const CACHE_VERSION = 3;

/** Where encoded data sets are kept: FTX_CACHE, else XDG_CACHE_HOME, else ~/.cache. */
export function cacheFolder(environment: Record<string, string | undefined> = process.env): string {
  const base = environment.FTX_CACHE ?? join(environment.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "ftx");
  return join(base, "datasets");
}

/** A hash of any value that JSON can write. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}

/** A hash of a file's bytes. */
export async function hashFile(path: string, algorithm: "sha256" | "sha1" = "sha256"): Promise<string> {
  const hash = createHash(algorithm);
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece);
  return hash.digest("hex");
}

/** What a file of encoded rows holds. `facts` is any JSON. */
export interface Stored<F> {
  readonly documents: Documents;
  readonly rows: Rows;
  readonly facts: F;
}

const TYPES = { f64: Float64Array, i32: Int32Array, f32: Float32Array };
type Numbers = Float64Array | Int32Array | Float32Array;
type TypeName = keyof typeof TYPES;

/**
 * The line of JSON at the start of a file. The bytes of the arrays follow, end to end in the order of the table; those of
 * 8-byte elements come first, so that every array begins where its elements may.
 */
interface Header {
  readonly version: number;
  /** Of the table as JSON text, followed by all arrays. */
  readonly sha256: string;
  readonly facts: unknown;
  readonly arrays: Table;
}

/** Name, type and number of elements of each array. */
type Table = readonly (readonly [name: string, type: TypeName, length: number])[];

const MAGIC = "ftxdata\n";
const TAG = "tag."; // what the name of a tag's array begins with

/** Writes encoded rows into a temporary file, which gets its name once it is whole. */
export async function writeStored<F>(path: string, { documents, rows, facts }: Stored<F>): Promise<void> {
  const { offsets, ids, labels } = documents, { members, starts, tags = {} } = rows;
  const named: [string, Numbers][] = Object.entries({ offsets, ids, labels, members, starts });
  for (const [name, values] of Object.entries(tags)) named.push([TAG + name, values]);
  const arrays: Table = named.map(([name, array]) => [name, typeOf(array), array.length]);
  const bytes = named.map(([, array]) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  const header: Header = { version: CACHE_VERSION, sha256: sha256(arrays, bytes), facts, arrays };
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    const file = await open(temporary, "w");
    try {
      await file.write(`${MAGIC}${JSON.stringify(header)}\n`);
      for (const part of bytes) await writeAll(file, part);
      await file.datasync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function typeOf(array: Numbers): TypeName {
  return array instanceof Float64Array ? "f64" : array instanceof Int32Array ? "i32" : "f32";
}

function sha256(arrays: Table, bytes: readonly Uint8Array[]): string {
  const hash = createHash("sha256").update(JSON.stringify(arrays));
  for (const part of bytes) hash.update(part);
  return hash.digest("hex");
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

/** Reads what `writeStored` wrote; nothing where there is no such file, or it is damaged, or of another version. */
export async function readStored<F>(path: string): Promise<Stored<F> | undefined> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    if (otherThanFile(path) !== undefined) return undefined;
    bytes = await readBuffer(path);
  } catch {
    return undefined;
  }
  const start = MAGIC.length;
  const end = bytes.indexOf(0x0a, start);
  if (end < 0 || new TextDecoder().decode(bytes.subarray(0, start)) !== MAGIC) return undefined;
  const header = parseHeader(new TextDecoder().decode(bytes.subarray(start, end)));
  const payload = bytes.slice(end + 1); // a copy, so that the arrays begin where their elements may
  if (header === undefined || payload.length !== sizeOf(header.arrays)) return undefined;
  if (sha256(header.arrays, [payload]) !== header.sha256) return undefined;
  const { offsets, ids, labels, members, starts, ...others } = cutArrays(payload.buffer, header.arrays);
  const tags = Object.fromEntries(Object.entries(others).map(([name, values]) => [name.slice(TAG.length), values]));
  return { documents: { offsets, ids, labels }, rows: { members, starts, tags }, facts: header.facts } as Stored<F>;
}

async function readBuffer(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = await readFile(path);
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}

function parseHeader(text: string): Header | undefined {
  try {
    const header = JSON.parse(text) as Header;
    return header.version === CACHE_VERSION && header.arrays.every(([, type]) => Object.hasOwn(TYPES, type))
      ? header
      : undefined;
  } catch {
    return undefined;
  }
}

function sizeOf(arrays: Table): number {
  return arrays.reduce((sum, [, type, length]) => sum + length * TYPES[type].BYTES_PER_ELEMENT, 0);
}

function cutArrays(buffer: ArrayBuffer, arrays: Table): Record<string, Numbers> {
  let at = 0;
  return Object.fromEntries(arrays.map(([name, type, length]) => {
    const array = new TYPES[type](buffer, at, length);
    at += array.byteLength;
    return [name, array];
  }));
}

/** Writes encoded rows into the cache, and says whether it could: a cache that is read-only or full is not an error. */
export async function keepInCache<F>(path: string, stored: Stored<F>): Promise<boolean> {
  try {
    await writeStored(path, stored);
    return true;
  } catch {
    return false;
  }
}
