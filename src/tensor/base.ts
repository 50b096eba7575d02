import { EXIT, FtxError } from "../errors.ts";
import { BYTES, type Device, type DType, dtypeName } from "./dtype.ts";
import { C } from "./lib.ts";
import { scope, track } from "./scope.ts";
import type { Tensor } from "./tensor.gen.ts";

const DEAD = 0xffffffff;
const one = new Float64Array(1), place = new BigUint64Array(2);

// Lists cross the border in kept buffers, because a fresh typed array costs more than most operators. A list that does not
// fit gets a buffer of its own.
const LENGTH = 4096; // numbers or handles of one list
const LISTS = 8; // lists that one call sends at most; tools/gen.ts refuses operators with more
const numberLists = Array.from({ length: LISTS }, () => new Float64Array(LENGTH));
const handleLists = Array.from({ length: LISTS }, () => new Uint32Array(LENGTH));
let turn = 0;
const meta = new Float64Array(2 + 64); // dtype, device, sizes
const text = new Uint8Array(1 << 14);
/** Takes the handles of an operator with several results. */
export const outs = new Uint32Array(LENGTH);

/** What a tensor has besides its operators: a handle, shape and type, values, a gradient. */
export abstract class TensorBase {
  /** False once kept: a kept tensor outlives its scope. */
  scoped = true;
  constructor(public handle: number) {
    track(this as unknown as Tensor);
  }

  get shape(): number[] {
    const n = C.meta(this.handle, meta, meta.length);
    check(n, "shape", [this]);
    if (n < meta.length) return Array.from(meta.subarray(2, 1 + n));
    const long = new Float64Array(1 + n);
    C.meta(this.handle, long, long.length);
    return Array.from(long.subarray(2));
  }
  get dtype(): DType {
    check(C.meta(this.handle, meta, meta.length), "dtype", [this]);
    return dtypeName(meta[0]);
  }
  get device(): Device {
    check(C.meta(this.handle, meta, meta.length), "device", [this]);
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
  /** The memory of a contiguous CPU tensor itself, not a copy: invalid once the tensor is released. */
  hostBytes(): Uint8Array<ArrayBuffer> {
    check(C.memory_of(this.handle, place), "hostBytes", [this]);
    const pointer = Deno.UnsafePointer.create(place[0]);
    if (pointer === null) return new Uint8Array(0);
    return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, Number(place[1])));
  }

  /** Sets whether autograd follows this leaf. */
  requiresGrad(on = true): this {
    check(C.requires_grad(this.handle, on), "requiresGrad", [this]);
    return this;
  }
  /** Whether autograd follows this tensor. */
  get wantsGrad(): boolean {
    const answer = C.wants_grad(this.handle);
    check(answer, "wantsGrad", [this]);
    return answer === 2;
  }
  /** Adds gradient · d(this)/d(leaf) to the `grad` of every leaf. A tensor of one element needs no gradient: it is 1. */
  backward(gradient?: Tensor) {
    check(C.backward(this.handle, gradient?.handle ?? 0), "backward", [this]);
  }
  /** The gradient accumulated in this leaf; null if there is none. */
  get grad(): Tensor | null {
    const h = C.grad(this.handle);
    return h ? new (this.constructor as typeof Tensor)(h) : null;
  }
  set grad(gradient: Tensor | null) {
    check(C.set_grad(this.handle, gradient?.handle ?? 0), "grad", [this]);
  }

  /** Whether it was released, by `dispose` or by the end of its scope. */
  get released(): boolean {
    return this.handle === DEAD;
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
/** The handles of a call with several results: it answers their number + 1, or 0 if it failed. */
export function made(answer: number, op: string, args: Arg[]): number[] {
  check(answer, op, args);
  const n = answer - 1;
  if (n <= outs.length) return Array.from(outs.subarray(0, n));
  const all = new Uint32Array(n);
  C.results(all);
  return Array.from(all);
}
export function check(ok: number, op: string, args: Arg[]) {
  if (ok === 0) throw failure(op, args);
}

/** A buffer that begins with these numbers; valid until eight more lists have been packed. */
export function packed(xs: readonly number[]): Float64Array<ArrayBuffer> {
  const kept = numberLists[turn = (turn + 1) % LISTS];
  const buffer = xs.length <= LENGTH ? kept : new Float64Array(crossing(xs.length));
  for (let i = 0; i < xs.length; i++) buffer[i] = xs[i];
  return buffer;
}
/** The same for the handles of these tensors. */
export function packedHandles(ts: readonly TensorBase[]): Uint32Array<ArrayBuffer> {
  const kept = handleLists[turn = (turn + 1) % LISTS];
  const buffer = ts.length <= LENGTH ? kept : new Uint32Array(crossing(ts.length));
  for (let i = 0; i < ts.length; i++) buffer[i] = ts[i].handle;
  return buffer;
}
function crossing(length: number): number {
  if (length < 2 ** 31) return length; // it crosses as an int32
  throw new RangeError(
    `Cannot pass a list of ${length} numbers to libtorch: it takes at most 2147483647; split the list`,
  );
}

/** The whole text that `ask` writes: it fills `out` as far as that goes, and answers the length of all of it. */
export function textFrom(ask: (out: Uint8Array<ArrayBuffer>) => number): string {
  const n = ask(text);
  const whole = n <= text.length ? text : new Uint8Array(n);
  if (whole !== text) ask(whole);
  return new TextDecoder().decode(whole.subarray(0, n));
}

/** libtorch refused: which operator, with which arguments, why, and where known what to do. */
export class TensorError extends FtxError {
  override name = "TensorError";
}
export function failure(op: string, args: Arg[]): TensorError {
  const why = textFrom((out) => C.error(out, out.length)).split("\n")[0];
  const memory = /out of memory|not enough memory|can't allocate/i.test(why);
  const remedy = why.includes("scope ended")
    ? "; return it from its scope, or keep() it"
    : memory
    ? "; lower per_device_train_batch_size or cutoff_len, or turn on gradient_checkpointing"
    : "";
  const shown = args.map((a) => a === null ? "null" : String(a)).join(", ");
  return new TensorError(`Cannot ${op}(${shown}): ${why}${remedy}`, memory ? EXIT.memory : EXIT.bug);
}
