// Holds a fast path equal to its plain one, in value and gradients.
import assert from "node:assert/strict";
import { type DType, gradients, ones, randn, scope, type Tensor } from "../../src/tensor/mod.ts";
import "./tensors.ts";

/** One way to compute something: from inputs to its result. */
export type Path = (...inputs: Tensor[]) => Tensor;

export interface Paths {
  fast: Path;
  plain: Path;
  /** Inputs in the compute dtype; they come first. */
  narrow: readonly Tensor[];
  /** Inputs that stay fp32 where the others are bf16, such as the weights of an adapter. */
  wide?: readonly Tensor[];
  /** Relative error in fp32 beyond the plain path's. Default 1e-6. */
  tolerance?: number;
  /** The result's type where it is not that of the inputs. */
  result?: DType;
}

/**
 * Asserts that value and gradients of the fast path are as close to the plain path's in fp64 as those of the plain path in the
 * same type, with `tolerance` to spare in fp32 and one rounding in bf16.
 */
export function holdEqual({ fast, plain, narrow, wide = [], tolerance = 1e-6, result }: Paths) {
  for (const dtype of ["f32", "bf16"] as const) {
    scope(() => {
      const given = [...narrow.map((t) => t.detach().to(dtype)), ...wide.map((t) => t.detach().to("f32"))];
      const { shape } = fast(...given);
      const pull = (shape.length ? randn(shape) : ones([])).to(result ?? dtype); // the gradient that comes from above
      const truth = valueAndGradients(plain, given, pull, "f64"), ours = valueAndGradients(fast, given, pull);
      const theirs = valueAndGradients(plain, given, pull);
      const least = 0.1 * pull.to("f64").linalgVectorNorm().item();
      ours.forEach((t, i) => {
        const what = `${i ? `gradient of input ${i - 1}` : "value"} in ${dtype}`;
        assert.equal(t.dtype, i ? given[i - 1].dtype : result ?? dtype, what);
        const rounding = dtype === "f32" ? tolerance : t.size < 64 ? HALF_STEP : ROUNDING;
        const allowed = 1.25 * error(theirs[i], truth[i], least) + rounding;
        assert.ok(error(t, truth[i], least) <= allowed, `${what}: ${error(t, truth[i], least)}, allowed ${allowed}`);
      });
    });
  }
}

const HALF_STEP = 2 ** -8; // by what rounding to bf16 changes a number at most
const ROUNDING = 1.5e-3; // and many numbers in the mean of squares (1.1e-3 if they are evenly spread)

/** The result, then its gradient with respect to each input. */
function valueAndGradients(path: Path, given: readonly Tensor[], pull: Tensor, dtype?: DType): Tensor[] {
  const leaves = given.map((t) => t.to(dtype ?? t.dtype, { copy: true }).requiresGrad());
  const value = path(...leaves);
  return [value.detach(), ...gradients([value], leaves, [pull.to(value.dtype)]).map((g) => g!)];
}

/** |ours - truth| / |truth| in the 2-norm, where |truth| counts as `least` at least; NaN where ours is. */
export function error(ours: Tensor, truth: Tensor, least = 0): number {
  const wide = truth.to("f64"), size = wide.linalgVectorNorm().item();
  const off = ours.to("f64").sub(wide).linalgVectorNorm().item();
  return off === 0 ? 0 : off / Math.max(size, least);
}
