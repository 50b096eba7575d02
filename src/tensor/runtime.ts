import { CheckpointError, StorageError } from "../errors.ts";
import { check, packed, textFrom } from "./base.ts";
import { type Device, deviceCode, DTYPE } from "./dtype.ts";
import { dryDevice } from "./dry.ts";
import { C } from "./lib.ts";
import { scope } from "./scope.ts";
import { empty, randn, type Tensor, wrap } from "./tensor.gen.ts";

const NUMBERS = new Map<unknown, number>([
  [BigInt64Array, DTYPE.i64],
  [Float32Array, DTYPE.f32],
  [Float64Array, DTYPE.f64],
  [Int32Array, DTYPE.i32],
  [Uint8Array, DTYPE.u8],
]);

/** A tensor with a copy of `data`, on the CPU unless a device is given. */
export function from(
  data: BigInt64Array | Float32Array | Float64Array | Int32Array | Uint8Array,
  shape: readonly number[] = [data.length],
  device: Device = "cpu",
): Tensor {
  const code = NUMBERS.get(data.constructor)!;
  const bytes = data as ArrayBufferView as Uint8Array<ArrayBuffer>;
  const host = wrap(C.from(bytes, data.byteLength, packed(shape), shape.length, code), "from", []);
  return device === "cpu" ? host : host.toDevice(device, host.dtype, { nonBlocking: true });
}

/** Seeds the random numbers of every device. */
export function manualSeed(seed: number) {
  check(C.manual_seed(seed), "manualSeed", []);
}

/** The state of a device's random numbers, as bytes that `setRandomState` takes back. */
export function randomState(device: Device = "cpu"): Uint8Array<ArrayBuffer> {
  return scope(() => wrap(C.random_state(deviceCode(device)), "randomState", []).hostBytes().slice());
}
export function setRandomState(bytes: Uint8Array, device: Device = "cpu") {
  scope(() => check(C.set_random_state(deviceCode(device), from(bytes).handle), "setRandomState", []));
}

/** Sets how many CPU threads operators use; without a number, only says how many. */
export const threads = (n = 0): number => C.threads(n);

/** Whether `attention` has a kernel for tensors of this type and place. */
export function hasAttention(t: Tensor): boolean {
  const answer = C.has_attention(t.handle);
  check(answer, "hasAttention", [t]);
  return answer === 2;
}

/** Memory of a device's tensors, in bytes. On a CPU, tensors below 64 KiB are not counted. */
export interface DeviceMemory {
  /** In tensors: now, and at most since `resetPeak`. */
  bytes: number;
  peak: number;
  /** Taken from the system for them, now. */
  mapped: number;
  /** The most that was ever taken from a GPU's driver for them; undefined on a CPU. */
  peakReserved: number | undefined;
  /** Live handles, on all devices. */
  handles: number;
}

/** The memory of a device's tensors. `ask` reads a GPU's; tests without one give their own. */
export function memory(device: Device = "cpu", ask: (device: Device) => GpuMemory = gpuMemory): DeviceMemory {
  if (device !== "cpu") {
    const { bytes, peak, reserved, peakReserved } = ask(device);
    return { bytes, peak, mapped: reserved, peakReserved, handles: C.live() };
  }
  const out = new Float64Array(4);
  C.memory(out);
  return { bytes: out[0], peak: out[1], mapped: out[2], peakReserved: undefined, handles: C.live() };
}

/** A GPU's memory, in bytes. */
export interface GpuMemory {
  /** In tensors: now, and at most since `resetPeak`. */
  bytes: number;
  peak: number;
  /** Taken from the driver: now, and at most. */
  reserved: number;
  peakReserved: number;
  /** What the GPU has free, and has in all. */
  free: number;
  total: number;
  /** How often an allocation succeeded only after cached memory was freed, and how often one failed. */
  retries: number;
  failures: number;
}

export function gpuMemory(device: Device): GpuMemory {
  const out = new Float64Array(8);
  check(C.device_memory(deviceCode(device), out), "gpuMemory", []);
  const [bytes, peak, reserved, peakReserved, free, total, retries, failures] = out;
  return { bytes, peak, reserved, peakReserved, free, total, retries, failures };
}

/** Lets the peak of `memory` count from now on. */
export function resetPeak(device: Device = "cpu") {
  if (device === "cpu") C.reset_peak();
  else check(C.device_reset_peak(deviceCode(device)), "resetPeak", []);
}
/** Refuses more tensor memory than this on the CPU, in bytes (0: no limit): running out is then a sentence, not a kill. */
export const setMemoryLimit = (bytes: number) => C.set_memory_limit(bytes);
/** Gives the memory of freed tensors back to the system; worth it after loading, never in a step. */
export function trim(device: Device = "cpu") {
  if (device === "cpu") C.trim();
  else check(C.device_trim(), "trim", []);
}

const zeroEnded = (s: string) => new TextEncoder().encode(s + "\0");

/** The schema that libtorch's dispatcher holds for an operator; undefined if it has no such operator. */
export function schemaOf(name: string, overload: string): string | undefined {
  const schema = textFrom((out) => C.schema(zeroEnded(`aten::${name}`), zeroEnded(overload), out, out.length));
  return schema.replace(/^aten::/, "") || undefined;
}

/** The version of libtorch that the shim was made for. */
export const shimVersion = (): string => textFrom((out) => C.version(out, out.length));

/**
 * Decides how fp32 products are computed on a device: on a CPU as `fastFloat32`, on a GPU exactly, or with `tf32` through
 * the tensor cores of Ampere and newer, with 10 bits of mantissa and several times as fast.
 */
export function float32Products(device: Device, { tf32 = false } = {}) {
  if (device === "cpu") fastFloat32();
  else check(C.matmul_precision(zeroEnded(tf32 ? "high" : "highest")), "matmulPrecision", []);
}

/**
 * Lets fp32 products run through oneDNN where that keeps fp32's accuracy, and says whether it does. On many CPUs MKL takes
 * a slow path and oneDNN is twice as fast at a relative error of 4e-7; on CPUs with AMX the same switch would
 * compute in bf16, so the products are measured against fp64 first.
 */
export function fastFloat32(): boolean {
  if (dryDevice() !== undefined) { // its memory counts; there are no numbers to decide by
    scope(productError);
    return true;
  }
  const set = (name: string) => check(C.matmul_precision(zeroEnded(name)), "matmulPrecision", []);
  set("medium");
  const before = randomState();
  const error = scope(productError);
  setRandomState(before);
  if (error < 2e-6) return true;
  set("highest");
  return false;
}

/** How far a product of fp32 matrices is off. */
function productError(): number {
  const a = randn([256, 1024], { dtype: "f32" }), b = randn([512, 1024], { dtype: "f32" });
  const exact = a.to("f64").matmul(b.to("f64").t());
  return a.linear(b).to("f64").sub(exact).linalgVectorNorm().item() / exact.linalgVectorNorm().item();
}

/**
 * Fills a CPU tensor from `offset` of a file, on another thread. A file that ends early is an error, never a crash, which
 * a mapping of it would be. In a dry run nothing is read.
 */
export async function readInto(t: Tensor, path: string, offset: number): Promise<void> {
  if (dryDevice() !== undefined) return;
  const bytes = t.hostBytes();
  if (bytes.length === 0) return;
  const n = await C.pread(zeroEnded(path), offset, Deno.UnsafePointer.of(bytes), bytes.length);
  if (n === bytes.length) return;
  if (n < 0) {
    throw new StorageError(`Cannot read "${path}": the system says error ${-n}; is the disk whole and readable?`);
  }
  throw new CheckpointError(
    `Cannot read "${path}": it ends ${bytes.length - n} bytes early; it was cut short, so copy or download it again`,
  );
}

/** An uninitialised tensor in host memory that a GPU copies from and to while the CPU goes on; needs no GPU. */
export const pinnedTensor = (shape: readonly number[], dtype: keyof typeof DTYPE): Tensor =>
  wrap(C.pinned(packed(shape), shape.length, DTYPE[dtype]), "pinnedTensor", []);

/** An uninitialised tensor in host memory, for `readInto`. */
export const hostTensor = (shape: readonly number[], dtype: keyof typeof DTYPE): Tensor => empty(shape, { dtype });
