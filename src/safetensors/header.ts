import { CheckpointError } from "../errors.ts";
import { BITS, isSafeDType, type SafeDType } from "./dtype.ts";
import { brief, decodeUtf8, type Json, JsonNumber, parseJson } from "./json.ts";

/** One tensor of a file. */
export interface TensorEntry {
  dtype: SafeDType;
  /** Row-major, little-endian; `[]` is one number. */
  shape: number[];
  /** First byte, counted from the start of the file. Not always a multiple of the element size in old files. */
  start: number;
  /** The byte after the last one. */
  end: number;
}

/** The header of a safetensors file. */
export interface Header {
  /** By name, in the order of the bytes. Names are any text: never use one as a path. */
  tensors: Map<string, TensorEntry>;
  metadata: Record<string, string>;
  /** Sentences about what was ignored. */
  notes: string[];
}

/** More than any model has; the reference has no limit. */
const MOST_TENSORS = 1_000_000;

/** Reads the header `bytes` of `file`; `dataBytes` bytes follow them. The format: https://github.com/huggingface/safetensors */
export function parseHeader(bytes: Uint8Array, file: string, dataBytes: number): Header {
  const wrong = (what: string, remedy = REMEDY) => new CheckpointError(`Cannot load "${file}": ${what}; ${remedy}`);
  let root: Json;
  try {
    root = parseJson(decodeUtf8(bytes));
  } catch (error) {
    throw wrong(`its header is not JSON (${(error as Error).message})`);
  }
  if (!(root instanceof Map)) throw wrong("its header is not a JSON object");

  const metadata = readMetadata(root.get("__metadata__") ?? null, wrong);
  root.delete("__metadata__");
  if (root.size > MOST_TENSORS) throw wrong(`it has ${root.size} tensors, but at most ${MOST_TENSORS} are read`);

  const surplus = new Set<string>();
  const base = 8 + bytes.length;
  const entries = [...root].map(([name, value]) => {
    const entry = readEntry(value, surplus, (what) => wrong(`its tensor ${brief(name)} ${what}`));
    return [name, entry] as const;
  });
  // Rules 17 and 18: laid end to end, the tensors are exactly the bytes after the header.
  entries.sort(([, a], [, b]) => a.start - b.start || a.end - b.end);
  let end = 0;
  for (const [name, entry] of entries) {
    if (entry.start !== end) {
      const what = entry.start > end ? "leaves unused bytes before it" : "overlaps the one before it";
      throw wrong(`its tensor ${brief(name)} ${what} (begins at ${entry.start}, not at ${end})`);
    }
    end = entry.end;
  }
  if (end > dataBytes) throw wrong(`it is cut short (${dataBytes} of ${end} bytes of tensors)`, TRUNCATED);
  if (end < dataBytes) throw wrong(`${dataBytes - end} bytes follow its last tensor`);
  for (const [, entry] of entries) {
    entry.start += base;
    entry.end += base;
  }
  const notes = surplus.size ? [`"${file}" has fields that ftx ignores: ${[...surplus].sort().join(", ")}`] : [];
  return { tensors: new Map(entries), metadata, notes };
}

export const REMEDY = "fetch it or save it again";
export const TRUNCATED = "fetch it again, the copy is incomplete";

function readMetadata(json: Json, wrong: (what: string) => Error): Record<string, string> {
  if (json === null) return {};
  if (!(json instanceof Map)) throw wrong("its __metadata__ is not an object");
  for (const [key, value] of json) {
    if (typeof value !== "string") throw wrong(`its __metadata__ ${brief(key)} is not a string`);
  }
  return Object.fromEntries(json as Map<string, string>);
}

/** One tensor, with offsets still counted from the end of the header. */
function readEntry(json: Json, surplus: Set<string>, wrong: (what: string) => Error): TensorEntry {
  if (!(json instanceof Map)) throw wrong("is not an object");
  for (const key of json.keys()) {
    if (key !== "dtype" && key !== "shape" && key !== "data_offsets" && surplus.size < 8) surplus.add(brief(key));
  }
  const dtype = json.get("dtype");
  if (typeof dtype !== "string") throw wrong("has no dtype");
  if (!isSafeDType(dtype)) throw wrong(`has the unknown dtype ${brief(dtype)}`);
  const shape = naturals(json.get("shape"));
  if (!shape) throw wrong("has no shape of whole numbers from 0 to 2^64 - 1");
  const offsets = naturals(json.get("data_offsets"));
  if (offsets?.length !== 2) throw wrong("has no data_offsets of two whole numbers from 0 to 2^64 - 1");
  const [start, end] = offsets;
  if (start > end) throw wrong(`ends at ${end}, before it begins at ${start}`);
  const bytes = size(dtype, shape, wrong);
  if (BigInt(end) - BigInt(start) !== bytes) {
    throw wrong(`has ${BigInt(end) - BigInt(start)} bytes, but ${dtype} [${shape}] needs ${bytes}`);
  }
  if (typeof start === "bigint" || typeof end === "bigint") throw wrong(`ends at ${end}, beyond any file`);
  if (shape.some((size) => typeof size === "bigint")) throw wrong("has a dimension beyond 2^53 - 1");
  return { dtype, shape: shape as number[], start, end };
}

/** A list of whole numbers, exact up to 2^64 - 1; undefined for anything else, such as `1.0`, `1e0` and `-0`. */
function naturals(json: Json | undefined): (number | bigint)[] | undefined {
  if (!Array.isArray(json)) return undefined;
  const numbers = json.map((value) => value instanceof JsonNumber ? value.natural : undefined);
  return numbers.includes(undefined) ? undefined : numbers as (number | bigint)[];
}

/** Bytes of a tensor in checked 64-bit arithmetic. A dimension of 0 does not hide an overflow of the others. */
function size(dtype: SafeDType, shape: (number | bigint)[], wrong: (what: string) => Error): bigint {
  let count = 1n;
  for (const size of shape) {
    if (size !== 0) count *= BigInt(size);
    if (count >= 2n ** 64n) throw wrong("has more elements than 64 bits can count");
  }
  const bits = (shape.includes(0) ? 0n : count) * BigInt(BITS[dtype]);
  if (bits >= 2n ** 64n) throw wrong("has more bits than 64 bits can count");
  if (bits % 8n !== 0n) throw wrong(`does not fill its last byte (${bits} bits)`);
  return bits / 8n;
}
