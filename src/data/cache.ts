import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import type { Documents } from "./documents.ts";
import type { Rows } from "./set.ts";

/** Raised whenever the same settings would give other ids: old files are then not found any more. */
export const CACHE_VERSION = 1;

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
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(piece);
  return hash.digest("hex");
}

/** What a file of encoded data holds. `facts` is any JSON; `rows` is there for finished sets. */
export interface Stored<F> {
  readonly documents: Documents;
  readonly rows?: Rows;
  readonly facts: F;
}

interface Header {
  readonly version: number;
  readonly sha256: string;
  readonly facts: unknown;
  /** Elements of each array, in the order of ARRAYS. */
  readonly lengths: number[];
}

const MAGIC = "ftxdata\n";

/** Writes encoded data: into a temporary file that is renamed when whole. */
export async function writeStored<F>(path: string, { documents, rows, facts }: Stored<F>): Promise<void> {
  const empty = new Int32Array(0);
  const arrays = [documents.offsets, documents.ids, documents.labels, rows?.members ?? empty, rows?.starts ?? empty];
  const bytes = arrays.map((array) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  const hash = createHash("sha256");
  for (const part of bytes) hash.update(part);
  const header: Header = {
    version: CACHE_VERSION,
    sha256: hash.digest("hex"),
    facts,
    lengths: arrays.map((array) => array.length),
  };
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

async function writeAll(file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += (await file.write(bytes, at)).bytesWritten;
}

/** Reads what `writeStored` wrote; nothing if there is no such file or it is not whole. */
export async function readStored<F>(path: string): Promise<Stored<F> | undefined> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await readBuffer(path);
  } catch {
    return undefined;
  }
  const start = MAGIC.length;
  const end = bytes.indexOf(0x0a, start);
  if (end < 0 || new TextDecoder().decode(bytes.subarray(0, start)) !== MAGIC) return undefined;
  const header = parseHeader(new TextDecoder().decode(bytes.subarray(start, end)));
  const payload = bytes.slice(end + 1); // a copy, so that the arrays begin where their elements may
  if (header === undefined || payload.length !== sizeOf(header.lengths)) return undefined;
  if (createHash("sha256").update(payload).digest("hex") !== header.sha256) return undefined;
  const arrays = cutArrays(payload.buffer, header.lengths);
  return {
    documents: { offsets: arrays.offsets, ids: arrays.ids, labels: arrays.labels },
    rows: arrays.starts.length === 0 ? undefined : { members: arrays.members, starts: arrays.starts },
    facts: header.facts as F,
  };
}

async function readBuffer(path: string): Promise<Uint8Array<ArrayBuffer>> {
  const buffer = await readFile(path);
  return new Uint8Array(buffer.buffer as ArrayBuffer, buffer.byteOffset, buffer.byteLength);
}

function parseHeader(text: string): Header | undefined {
  try {
    const header = JSON.parse(text) as Header;
    return header.version === CACHE_VERSION && header.lengths?.length === 5 ? header : undefined;
  } catch {
    return undefined;
  }
}

function sizeOf([offsets, ...others]: number[]): number {
  return others.reduce((sum, length) => sum + 4 * length, 8 * offsets);
}

function cutArrays(buffer: ArrayBuffer, [offsets, ids, labels, members, starts]: number[]) {
  let at = 8 * offsets;
  const next = (length: number) => {
    const array = new Int32Array(buffer, at, length);
    at += 4 * length;
    return array;
  };
  return {
    offsets: new Float64Array(buffer, 0, offsets),
    ids: next(ids),
    labels: next(labels),
    members: next(members),
    starts: next(starts),
  };
}

/** Writes encoded data into the cache if it can be written to: a cache that is read-only or full is no error. */
export async function keepInCache<F>(path: string, stored: Stored<F>): Promise<boolean> {
  try {
    await writeStored(path, stored);
    return true;
  } catch {
    return false;
  }
}
