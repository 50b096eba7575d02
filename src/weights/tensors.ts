import { CheckpointError } from "../errors.ts";
import { type DType, hostTensor, keep, noGrad, readInto, scope, type Tensor } from "../tensor/mod.ts";
import type { SafeDType, TensorBytes, TensorPlace, TensorSource } from "../safetensors/mod.ts";

/** libtorch's names for the element types of files that ftx computes with. */
const DTYPES: Partial<Record<SafeDType, DType>> = {
  BOOL: "bool",
  U8: "u8",
  I8: "i8",
  I16: "i16",
  I32: "i32",
  I64: "i64",
  F16: "f16",
  BF16: "bf16",
  F32: "f32",
  F64: "f64",
};
const SAFE = Object.fromEntries(Object.entries(DTYPES).map(([safe, own]) => [own, safe])) as Record<DType, SafeDType>;

/** libtorch's name for the element type of a file's tensor. */
export function dtypeOf(name: string, place: TensorPlace): DType {
  const dtype = DTYPES[place.dtype];
  if (dtype) return dtype;
  throw new CheckpointError(
    `Cannot load "${place.file}": tensor "${name}" is ${place.dtype}, which ftx does not compute with; convert it to bf16`,
  );
}

/** Tensors that are read at once; more would only compete for the disk. */
const AT_ONCE = 4;

/**
 * Fills tensors from files, several at once: directly into their memory where type and device allow it, otherwise through
 * a temporary tensor of the file's type.
 *
 * @param onBytes called with the bytes read so far
 * @throws {CheckpointError} A shape differs: names the tensor and both shapes.
 */
export async function fill(
  wanted: Iterable<readonly [string, Tensor, TensorPlace]>,
  onBytes: (bytes: number) => void = () => {},
): Promise<void> {
  const all = [...wanted];
  for (const [name, target, place] of all) {
    const shape = target.shape;
    if (shape.join() === place.shape.join()) continue;
    throw new CheckpointError(
      `Cannot load "${place.file}": its "${name}" is [${place.shape}], but the model needs [${shape}]; ` +
        "check that they belong together",
    );
  }
  let bytes = 0;
  const failures: unknown[] = [];
  const queue = all.values();
  const work = async () => {
    for (const [name, target, place] of queue) {
      if (failures.length) return;
      try {
        await fillOne(name, target, place);
      } catch (error) {
        failures.push(error);
      }
      onBytes(bytes += place.end - place.start);
    }
  };
  // All workers end before an error is thrown: the caller then frees the memory that a read might still write to.
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (failures.length) throw failures[0];
}

/** Names the missing and the surplus tensors, as the middle part of an error's sentence. */
export function misfits(missing: readonly string[], surplus: readonly string[], surplusAre: string): string {
  const say = (names: readonly string[], are: string) => {
    if (names.length === 0) return [];
    const few = names.slice(0, 3).join(", ") + (names.length > 3 ? ", …" : "");
    return [names.length === 1 ? `tensor ${few} is ${are}` : `${names.length} tensors are ${are} (${few})`];
  };
  return [...say(missing, "missing"), ...say(surplus, surplusAre)].join(" and ");
}

async function fillOne(name: string, target: Tensor, place: TensorPlace) {
  const dtype = dtypeOf(name, place);
  if (target.dtype === dtype && target.device === "cpu") return await readInto(target, place.file, place.start);
  const read = keep(hostTensor(place.shape, dtype));
  try {
    await readInto(read, place.file, place.start);
    scope(() => noGrad(() => target.copy_(read)));
  } finally {
    read[Symbol.dispose]();
  }
}

/**
 * A tensor's bytes as a safetensors file stores them. On a CPU these are the tensor's own memory: neither change nor
 * dispose it before they are written. From a GPU they are copied when they are written, so that host memory holds the copy
 * of one tensor at a time.
 */
export function bytesOfTensor(t: Tensor): TensorSource {
  return { dtype: SAFE[t.dtype], shape: t.shape, data: t.device === "cpu" ? t.hostBytes() : () => hostCopy(t) };
}

/** Copies tensors into host memory, for a save in the background while training continues. */
export function snapshot(tensors: Iterable<readonly [string, Tensor]>): [string, TensorBytes][] {
  return Array.from(tensors, ([name, t]) => [name, { dtype: SAFE[t.dtype], shape: t.shape, data: hostCopy(t) }]);
}

const hostCopy = (t: Tensor): Uint8Array => scope(() => t.detach().toDevice("cpu", t.dtype).hostBytes().slice());
