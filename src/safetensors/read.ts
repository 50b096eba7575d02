import { CheckpointError } from "../errors.ts";
import { otherThanFile } from "../outside.ts";
import { type Header, parseHeader, REMEDY, TRUNCATED } from "./header.ts";

/** The longest header that is read, as in the reference; checked before memory is allocated for it. */
const LONGEST_HEADER = 100_000_000; // bytes

/**
 * Reads the header of a safetensors file: names, types, shapes and byte ranges. No tensor is read.
 *
 * Stricter than the reference: it also refuses a name that appears twice, a tensor given as a list instead of an object,
 * nesting deeper than 64, and a dimension of 0 next to one beyond 2^53 - 1 or to an overflow.
 *
 * @example
 * ```ts
 * const { tensors } = await readHeader("model.safetensors");
 * tensors.get("model.norm.weight"); // { dtype: "BF16", shape: [2048], start: 8_216, end: 12_312 }
 * ```
 * @throws {CheckpointError} One sentence: the file, what is wrong with it, what to do.
 */
export async function readHeader(path: string): Promise<Header> {
  const wrong = (what: string, remedy = REMEDY) => new CheckpointError(`Cannot load "${path}": ${what}; ${remedy}`);
  const shrunk = () => wrong("it became shorter while it was read", TRUNCATED);
  using file = await open(path, wrong);
  const { size } = await file.stat(); // of the open file, whatever happens to the path
  if (size < 8) throw wrong(`it has ${size} bytes, but a safetensors file has at least 8`, TRUNCATED);
  const head = await readFully(file, 8, shrunk);
  if (new TextDecoder().decode(head) === "version ") {
    throw wrong("it is a Git LFS pointer, not the weights", 'run "git lfs pull" in its folder');
  }
  const length = new DataView(head.buffer).getBigUint64(0, true);
  if (length > LONGEST_HEADER) {
    const what = `its header would have ${length} bytes, but at most ${LONGEST_HEADER} are read`;
    throw wrong(what, "check that it is a safetensors file");
  }
  const count = Number(length);
  if (8 + count > size) throw wrong(`its header of ${count} bytes does not fit its ${size} bytes`, TRUNCATED);
  const header = await readFully(file, count, shrunk);
  return parseHeader(header, path, size - 8 - count);
}

async function open(path: string, wrong: (what: string, remedy: string) => Error): Promise<Deno.FsFile> {
  try {
    // Opening a pipe would wait forever for its writer, so the kind of file is checked first.
    const kind = otherThanFile(path);
    if (kind !== undefined) throw wrong(`it is ${kind}`, "check the path");
    return await Deno.open(path);
  } catch (error) {
    if (error instanceof CheckpointError) throw error;
    if (error instanceof Deno.errors.NotFound) throw wrong("there is no such file", "check the path");
    throw wrong((error as Error).message, "check its permissions");
  }
}

async function readFully(file: Deno.FsFile, count: number, shrunk: () => Error): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(count);
  for (let got = 0; got < count;) {
    const more = await file.read(bytes.subarray(got));
    if (more === null) throw shrunk();
    got += more;
  }
  return bytes;
}
