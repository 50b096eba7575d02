import { CheckpointError } from "../errors.ts";
import { type DType, hostTensor, keep, noGrad, readInto, scope, type Tensor } from "../tensor/mod.ts";
import type { SafeDType, TensorBytes, TensorPlace, TensorSource } from "../safetensors/mod.ts";

/** libtorch's name of a file's element type, where it has one that ftx computes with. */
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

/** The type of a file's tensor, in libtorch's terms. */
export function dtypeOf(name: string, place: TensorPlace): DType {
  const dtype = DTYPES[place.dtype];
  if (dtype) return dtype;
  throw new CheckpointError(
    `Cannot load "${place.file}": tensor "${name}" is ${place.dtype}, which ftx does not compute with; convert it to bf16`,
  );
}

/** Tensors that are read at once: more would only contend for the disk. */
const AT_ONCE = 4;

/**
 * Fills tensors from files, several at once, straight into their memory where type and device allow; others through one
 * tensor of the file's type.
 *
 * @param onBytes gets the bytes read so far, for a progress line
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
      `Cannot load "${place.file}": its "${name}" is [${place.shape}], and the model needs [${shape}]; ` +
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
  // All of them end before an error is thrown: whoever catches it frees the memory that a read may still write to.
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  if (failures.length) throw failures[0];
}

/** What is wrong between the tensors of a model and those of its files, as the middle of a sentence. */
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
 * A tensor's bytes as a safetensors file stores them: on a CPU the memory itself, so keep the tensor still; from a GPU a
 * copy, made when its turn to be written comes, so that host memory holds one at a time.
 */
export function bytesOfTensor(t: Tensor): TensorSource {
  return { dtype: SAFE[t.dtype], shape: t.shape, data: t.device === "cpu" ? t.hostBytes() : () => hostCopy(t) };
}

/** A copy of tensors as they are now, in host memory: what a background save writes while training goes on. */
export function snapshot(tensors: Iterable<readonly [string, Tensor]>): [string, TensorBytes][] {
  return Array.from(tensors, ([name, t]) => [name, { dtype: SAFE[t.dtype], shape: t.shape, data: hostCopy(t) }]);
}

const hostCopy = (t: Tensor): Uint8Array => scope(() => t.detach().toDevice("cpu", t.dtype).hostBytes().slice());
