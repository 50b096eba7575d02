import { createHash } from "node:crypto";
import { CheckpointError, StorageError } from "../errors.ts";
import { BITS, bytesOf, type SafeDType } from "./dtype.ts";
import { brief } from "./json.ts";

/** A tensor's bytes, row-major and little-endian. */
export interface TensorBytes {
  dtype: SafeDType;
  shape: readonly number[];
  data: Uint8Array;
}

/** A tensor to be written. If `data` is a function, it is called only when the tensor is written. */
export interface TensorSource {
  dtype: SafeDType;
  shape: readonly number[];
  data: Uint8Array | (() => Uint8Array | Promise<Uint8Array>);
}

/** Where bytes go: an open `Deno.FsFile`, or anything with its `write`, which may write less than it is given. */
export interface Sink {
  write(piece: Uint8Array): Promise<number>;
}

/** What was written. */
export interface Written {
  bytes: number;
  /** SHA-256 of the whole file, in hexadecimal. */
  sha256: string;
}

const PIECE = 8 * 2 ** 20; // bytes written at once: enough for full speed, few enough for smooth progress

/**
 * Writes a safetensors file, byte for byte as the reference does: types of high rank first, then by name. Tensors are
 * written one after the other, without copying them. A file at a path must not exist yet; it is on disk on return, and
 * removed on failure. A sink is neither synced nor closed.
 *
 * @example
 * ```ts
 * const data = new Uint8Array(new Float32Array([1, 2]).buffer);
 * await writeSafetensors("two.safetensors", [["x", { dtype: "F32", shape: [2], data }]], { format: "pt" });
 * ```
 * @param onPiece Called with the bytes written so far and in total.
 * @throws {StorageError} The file exists, or the disk is full, read-only or broken.
 */
export async function writeSafetensors(
  to: string | Sink,
  tensors: Iterable<readonly [string, TensorSource]>,
  metadata?: Readonly<Record<string, string>>,
  onPiece?: (written: number, total: number) => void,
): Promise<Written> {
  const { header, ordered, total } = layOut(tensors, metadata);
  if (typeof to !== "string") return await pour(to, header, ordered, total, onPiece);
  let created = false;
  try {
    using file = await Deno.open(to, { write: true, createNew: true });
    created = true;
    const written = await pour(file, header, ordered, total, onPiece);
    await file.syncData();
    return written;
  } catch (error) {
    if (created) await Deno.remove(to).catch(() => {});
    throw storageError(error, to);
  }
}

/** The header, padded to a multiple of 8 bytes, and the tensors in the order of the file. */
function layOut(tensors: Iterable<readonly [string, TensorSource]>, metadata?: Readonly<Record<string, string>>) {
  const ranks = Object.keys(BITS);
  const rank = ([, { dtype }]: readonly [string, TensorSource]) => ranks.indexOf(dtype);
  const ordered = [...tensors].sort((a, b) => rank(b) - rank(a) || compareUtf8(a[0], b[0]));
  const entries: string[] = metadata ? [`"__metadata__":${JSON.stringify(metadata)}`] : [];
  const names = new Set<string>();
  let offset = 0;
  for (const [name, { dtype, shape }] of ordered) {
    const end = offset + bytesOf(dtype, shape);
    const wrong = name === "__metadata__" || !name.isWellFormed()
      ? "a safetensors file cannot contain this name"
      : names.has(name)
      ? "the name appears twice"
      : !Number.isSafeInteger(end)
      ? `${dtype} [${shape}] is not a whole number of bytes`
      : undefined;
    if (wrong) throw new CheckpointError(`Cannot save tensor ${brief(name)}: ${wrong}; rename or reshape it`);
    names.add(name);
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return { header, ordered, total: header.length + offset };
}

async function pour(
  sink: Sink,
  header: Uint8Array,
  ordered: (readonly [string, TensorSource])[],
  total: number,
  onPiece?: (written: number, total: number) => void,
): Promise<Written> {
  const hash = createHash("sha256");
  let bytes = 0;
  const put = async (data: Uint8Array) => {
    for (let at = 0; at < data.length; at += PIECE) {
      const piece = data.subarray(at, at + PIECE);
      const writing = writeFully(sink, piece);
      hash.update(piece); // while the disk works
      await writing;
      bytes += piece.length;
      onPiece?.(bytes, total);
    }
  };
  await put(header);
  for (const [name, { dtype, shape, data }] of ordered) {
    const given = typeof data === "function" ? await data() : data;
    if (given.length !== bytesOf(dtype, shape)) {
      throw new RangeError(
        `Cannot save tensor ${brief(name)}: ${dtype} [${shape}] does not have ${given.length} bytes`,
      );
    }
    await put(given);
  }
  return { bytes, sha256: hash.digest("hex") };
}

async function writeFully(sink: Sink, piece: Uint8Array) {
  for (let done = 0; done < piece.length;) done += await sink.write(piece.subarray(done));
}

/** Compares by UTF-8 bytes, which order names beyond U+FFFF differently from JavaScript's strings. */
function compareUtf8(a: string, b: string): number {
  if (a === b) return 0;
  const encoder = new TextEncoder();
  const [x, y] = [encoder.encode(a), encoder.encode(b)];
  const at = x.findIndex((byte, i) => byte !== y[i]);
  return at < 0 ? -1 : x[at] - (y[at] ?? -1);
}

const REASONS: Record<string, [what: string, remedy: string]> = {
  ENOSPC: ["the disk is full", "free some space or choose another folder"],
  EDQUOT: ["the quota of this disk is used up", "free some space or choose another folder"],
  EROFS: ["the disk is read-only", "choose another folder"],
  EACCES: ["writing there is not allowed", "change the permissions or choose another folder"],
  EPERM: ["writing there is not allowed", "change the permissions or choose another folder"],
  EEXIST: ["it already exists", "remove it or choose another name"],
  ENOENT: ["its folder does not exist", "create the folder first"],
  ENOTDIR: ["its folder is a file", "choose another folder"],
  EFBIG: ["this disk cannot hold a file of that size", "choose another disk or a smaller export_size"],
  EIO: ["the disk reports an error", "check the disk"],
};

/** The error to throw for a failed write to `path`; errors that the disk did not cause are returned unchanged. */
export function storageError(error: unknown, path: string): unknown {
  const code = (error as { code?: string } | null)?.code;
  if (code === undefined || !Object.hasOwn(REASONS, code)) return error;
  const [what, remedy] = REASONS[code];
  return new StorageError(`Cannot write "${path}": ${what}; ${remedy}`);
}
