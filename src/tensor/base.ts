import { EXIT, FtxError } from "../errors.ts";
import { BYTES, type Device, type DType, dtypeName } from "./dtype.ts";
import { C } from "./lib.ts";
import { scope, track } from "./scope.ts";
import type { Tensor } from "./tensor.gen.ts";

const DEAD = 0xffffffff;
const meta = new Float64Array(66), one = new Float64Array(1), place = new BigUint64Array(2);
const text = new Uint8Array(1 << 14);
export const outs = new Uint32Array(1 << 16);

/** What every tensor has, whatever the operators: a handle, its description, its value, its gradient. */
export abstract class TensorBase {
  /** False once kept: a kept tensor outlives its scope. */
  scoped = true;
  constructor(public handle: number) {
    track(this as unknown as Tensor);
  }

  get shape(): number[] {
    const n = C.meta(this.handle, meta);
    check(n, "shape", [this]);
    return Array.from(meta.subarray(2, 1 + n));
  }
  get dtype(): DType {
    check(C.meta(this.handle, meta), "dtype", [this]);
    return dtypeName(meta[0]);
  }
  get device(): Device {
    check(C.meta(this.handle, meta), "device", [this]);
    return meta[1] < 0 ? "cpu" : `cuda:${meta[1]}`;
  }
  /** Elements. */
  get size(): number {
    return this.shape.reduce((a, b) => a * b, 1);
  }
  /** Bytes of all elements. */
  get bytes(): number {
    return this.size * BYTES[this.dtype];
  }

  /** The single number that this tensor holds. Waits for the GPU. */
  item(): number {
    check(C.item(this.handle, one), "item", [this]);
    return one[0];
  }
  /** All elements, row-major, as fp32 numbers. Waits for the GPU. */
  toArray(): Float32Array<ArrayBuffer> {
    return this.#read("f32", new Float32Array(this.size));
  }
  /** All elements, row-major, as doubles. Waits for the GPU. */
  toNumbers(): Float64Array<ArrayBuffer> {
    return this.#read("f64", new Float64Array(this.size));
  }
  #read<T extends Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>>(dtype: DType, into: T): T {
    return scope(() => { // the two tensors on the way end here, also where no scope is open
      const plain = (this as unknown as Tensor).detach().to(dtype);
      check(C.read(plain.handle, into as ArrayBufferView as Uint8Array<ArrayBuffer>, into.byteLength), "read", [this]);
      return into;
    });
  }
  /** The memory of a contiguous CPU tensor itself, not a copy: it ends with the tensor. */
  hostBytes(): Uint8Array<ArrayBuffer> {
    check(C.memory_of(this.handle, place), "hostBytes", [this]);
    const pointer = Deno.UnsafePointer.create(place[0]);
    if (pointer === null) return new Uint8Array(0);
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, Number(place[1])));
  }

  /** Says whether autograd shall follow this leaf. */
  requiresGrad(on = true): this {
    check(C.requires_grad(this.handle, on), "requiresGrad", [this]);
    return this;
  }
  /** True where autograd follows this tensor. */
  get wantsGrad(): boolean {
    const answer = C.wants_grad(this.handle);
    check(answer, "wantsGrad", [this]);
    return answer === 2;
  }
  /** Adds gradient · d(this)/d(leaf) to the `grad` of every leaf; without a gradient, this must be one number. */
  backward(gradient?: Tensor) {
    check(C.backward(this.handle, gradient?.handle ?? 0), "backward", [this]);
  }
  /** The gradient that this leaf has gathered. */
  get grad(): Tensor | null {
    const h = C.grad(this.handle);
    return h ? new (this.constructor as typeof Tensor)(h) : null;
  }
  set grad(gradient: Tensor | null) {
    check(C.set_grad(this.handle, gradient?.handle ?? 0), "grad", [this]);
  }

  [Symbol.dispose]() {
    handleLists[0][0] = this.handle;
    C.release(handleLists[0], 1);
    this.handle = DEAD;
  }
  toString(): string {
    try {
      return `${this.dtype}[${this.shape}]`;
    } catch {
      return "released tensor";
    }
  }
}

export type Arg = TensorBase | number | null;
/** The handles that a call with several results left behind. */
export function made(n: number, op: string, args: Arg[]): number[] {
  check(n, op, args);
  return Array.from(outs.subarray(0, n));
}
export function check(ok: number, op: string, args: Arg[]) {
  if (ok === 0) throw failure(op, args);
}

// Lists cross in kept buffers, used in turn, because a fresh typed array costs more than most operators. One call
// sends at most eight lists.
const numberLists = Array.from({ length: 8 }, () => new Float64Array(4096));
const handleLists = Array.from({ length: 8 }, () => new Uint32Array(1 << 12));
let turn = 0;
export function packed(xs: readonly number[]): Float64Array<ArrayBuffer> {
  const buffer = numberLists[turn = (turn + 1) % 8];
  for (let i = 0; i < xs.length; i++) buffer[i] = xs[i];
  return buffer;
}
export function packedHandles(ts: readonly TensorBase[]): Uint32Array<ArrayBuffer> {
  turn = (turn + 1) % 8;
  if (ts.length > handleLists[turn].length) handleLists[turn] = new Uint32Array(ts.length * 2);
  const buffer = handleLists[turn];
  for (let i = 0; i < ts.length; i++) buffer[i] = ts[i].handle;
  return buffer;
}

/** libtorch refused: which operator, with what, why, and what to do where we know. */
export class TensorError extends FtxError {
  override name = "TensorError";
}
export function failure(op: string, args: Arg[]): TensorError {
  const why = new TextDecoder().decode(text.subarray(0, C.error(text, text.length))).split("\n")[0];
  const memory = /out of memory|not enough memory|can't allocate/i.test(why);
  const remedy = why.includes("scope ended")
    ? "; return it from its scope, or keep() it"
    : memory
    ? "; lower per_device_train_batch_size or cutoff_len, or turn on gradient_checkpointing"
    : "";
  const shown = args.map((a) => a === null ? "null" : String(a)).join(", ");
  return new TensorError(`Cannot ${op}(${shown}): ${why}${remedy}`, memory ? EXIT.memory : EXIT.bug);
}
