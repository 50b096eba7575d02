import { C } from "./lib.ts";
import type { Tensor } from "./tensor.gen.ts";

const DEAD = 0xffffffff;
let top: Tensor[] | undefined;
let handles = new Uint32Array(1 << 12);

/**
 * Runs `fn`, then releases every tensor made inside it except the ones it returns; those move to the scope around.
 * A result may be a tensor, or arrays and plain objects of them. `fn` is synchronous: a promise is an error, because
 * other work could make tensors while this scope is open.
 */
export function scope<T>(fn: () => T): T {
  const mine: Tensor[] = [], outer = top;
  top = mine;
  let result: T | undefined;
  try {
    result = fn();
    if (result instanceof Promise) {
      throw new TypeError("Cannot use an async function as a scope: await outside it, and pass plain values in");
    }
    return result;
  } finally {
    top = outer;
    release(mine, tensorsIn(result), outer);
  }
}

function release(mine: Tensor[], kept: Set<Tensor> | undefined, outer: Tensor[] | undefined) {
  if (mine.length > handles.length) handles = new Uint32Array(mine.length * 2);
  let n = 0;
  for (const t of mine) {
    if (kept?.has(t)) outer?.push(t);
    else if (t.scoped) {
      handles[n++] = t.handle;
      t.handle = DEAD;
    }
  }
  C.release(handles, n);
}

/** Takes a tensor out of its scope; the caller must dispose it. */
export function keep<T extends Tensor>(t: T): T {
  t.scoped = false;
  return t;
}

/** Puts a new tensor under the scope that is open, if any. */
export function track(t: Tensor) {
  top?.push(t);
}

function tensorsIn(x: unknown): Set<Tensor> | undefined {
  if (x === null || typeof x !== "object") return;
  const found = new Set<Tensor>();
  const visit = (v: unknown) => {
    if (v === null || typeof v !== "object") return;
    if ("handle" in v) found.add(v as Tensor);
    else if (Array.isArray(v)) v.forEach(visit);
    else if (Object.getPrototypeOf(v) === Object.prototype) Object.values(v).forEach(visit);
  };
  visit(x);
  return found;
}

/** Tensors alive in the table. A loop must end with as many as it began with. */
export const live = (): number => C.live();
