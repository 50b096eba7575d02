// For tests: holds a fast path equal to its plain one, in value and gradients.
import assert from "node:assert/strict";
import { type DType, gradients, randn, scope, type Tensor } from "../tensor/mod.ts";

/** One way to compute something: from inputs to its result. */
export type Path = (...inputs: Tensor[]) => Tensor;

export interface Paths {
  fast: Path;
  plain: Path;
  /** Inputs in the compute dtype; they come first. */
  narrow: readonly Tensor[];
  /** Inputs that stay fp32 where the others are bf16, such as the weights of an adapter. */
  wide?: readonly Tensor[];
  /** Relative error allowed in fp32. Default 1e-6. */
  tolerance?: number;
}

/**
 * Asserts that value and gradients of the fast path equal the plain path's in fp64: in fp32 to `tolerance`, and in bf16 no
 * worse than the plain path in bf16 is (or a rounding at the end would be).
 */
export function holdEqual({ fast, plain, narrow, wide = [], tolerance = 1e-6 }: Paths) {
  for (const dtype of ["f32", "bf16"] as const) {
    scope(() => {
      const given = [...narrow.map((t) => t.detach().to(dtype)), ...wide.map((t) => t.detach().to("f32"))];
      const pull = randn(fast(...given).shape).to(dtype); // the gradient that comes from above
      const truth = valueAndGradients(plain, given, pull, "f64"), ours = valueAndGradients(fast, given, pull);
      const theirs = valueAndGradients(plain, given, pull);
      ours.forEach((t, i) => {
        const what = `${i ? `gradient of input ${i - 1}` : "value"} in ${dtype}`;
        assert.equal(t.dtype, i ? given[i - 1].dtype : dtype, what);
        const allowed = dtype === "f32" ? tolerance : Math.max(1.1 * error(theirs[i], truth[i]), ROUNDING);
        assert.ok(error(t, truth[i]) <= allowed, `${what}: ${error(t, truth[i])}, allowed ${allowed}`);
      });
    });
  }
}

const ROUNDING = 2.5e-3; // one rounding to bf16 errs by up to 2^-9 of each number

/** The result, then its gradient with respect to each input. */
function valueAndGradients(path: Path, given: readonly Tensor[], pull: Tensor, dtype?: DType): Tensor[] {
  const leaves = given.map((t) => t.to(dtype ?? t.dtype, { copy: true }).requiresGrad());
  const value = path(...leaves);
  return [value.detach(), ...gradients([value], leaves, [pull.to(value.dtype)]).map((g) => g!)];
}

/** |ours - truth| / |truth| in the 2-norm; NaN where ours is. */
export function error(ours: Tensor, truth: Tensor): number {
  const wide = truth.to("f64"), size = wide.linalgVectorNorm().item();
  const off = ours.to("f64").sub(wide).linalgVectorNorm().item();
  return off === 0 ? 0 : off / size;
}
