import { Buffer } from "node:buffer";
import type { TensorPlace } from "../safetensors/mod.ts";

const CHUNK = 1 << 22; // bytes of each of the two that are held at once

/** Whether two tensors in files have the same type, shape and values; reads both, up to the first difference. */
export async function sameValues(a: TensorPlace, b: TensorPlace): Promise<boolean> {
  if (a.dtype !== b.dtype || a.shape.join() !== b.shape.join()) return false;
  using one = await Deno.open(a.file);
  using two = await Deno.open(b.file);
  await one.seek(a.start, Deno.SeekMode.Start);
  await two.seek(b.start, Deno.SeekMode.Start);
  const left = new Uint8Array(CHUNK), right = new Uint8Array(CHUNK);
  for (let bytes = a.end - a.start; bytes > 0;) {
    const size = Math.min(bytes, CHUNK);
    if (!await readAll(one, left.subarray(0, size)) || !await readAll(two, right.subarray(0, size))) return false;
    if (Buffer.compare(left.subarray(0, size), right.subarray(0, size)) !== 0) return false;
    bytes -= size;
  }
  return true;
}

async function readAll(file: Deno.FsFile, into: Uint8Array): Promise<boolean> {
  for (let at = 0; at < into.length;) {
    const count = await file.read(into.subarray(at));
    if (count === null) return false;
    at += count;
  }
  return true;
}
