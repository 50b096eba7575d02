import assert from "node:assert/strict";
import { from, gradients, live, manualSeed, ones, randn, scope } from "../tensor/mod.ts";
import { holdEqual } from "../../tests/support/hold_equal.ts";
import { plainRmsNorm, RmsNorm } from "./rms_norm.ts";

manualSeed(1); // the same numbers on every run

const EPS = 1e-5;
const paths = {
  fast: (x: any, w: any) => x.fusedRmsNorm(w, EPS),
  plain: (x: any, w: any) => plainRmsNorm(x, w, EPS),
};

for (const shape of [[1, 1], [1, 2], [3, 7], [5, 33], [2, 3, 130], [257, 513]]) {
  Deno.test(`fusedRmsNorm equals plainRmsNorm, forward and backward: [${shape}]`, () => {
    const before = live();
    scope(() => holdEqual({ ...paths, narrow: [randn(shape).mul(3), randn([shape.at(-1)!])] }));
    assert.equal(live(), before);
  });
}

Deno.test("fusedRmsNorm gives an fp32 weight an fp32 gradient where x is bf16", () =>
  scope(() => {
    const plain = (x: any, w: any) => plainRmsNorm(x, w.to(x.dtype), EPS);
    holdEqual({ ...paths, plain, narrow: [randn([70, 48])], wide: [randn([48])] });
  }));

Deno.test("fusedRmsNorm takes inputs that are not contiguous", () =>
  scope(() => {
    const columns = (x: any) => x.t().narrow(1, 3, 20);
    holdEqual({
      fast: (x, w) => columns(x).fusedRmsNorm(w, EPS),
      plain: (x, w) => plainRmsNorm(columns(x), w, EPS),
      narrow: [randn([30, 9]), randn([20])],
    });
  }));

Deno.test("fusedRmsNorm trains x alone, or the weight alone", () =>
  scope(() => {
    const x = randn([6, 10]), w = randn([10]), pull = randn([6, 10]);
    const both = gradients([x.requiresGrad().fusedRmsNorm(w.requiresGrad(), EPS)], [x, w], [pull]);
    const [dx] = gradients([x.fusedRmsNorm(w.detach(), EPS)], [x], [pull]);
    const [dw] = gradients([x.detach().fusedRmsNorm(w, EPS)], [w], [pull]);
    assert.deepEqual([...dx!.toArray()], [...both[0]!.toArray()]);
    assert.deepEqual([...dw!.toArray()], [...both[1]!.toArray()]);
  }));

Deno.test("fusedRmsNorm hands NaN and infinity on, and large and tiny rows stay finite", () =>
  scope(() => {
    const w = ones([3]);
    const rows = from(new Float32Array([1, NaN, 2, 1, Infinity, 2, 1e18, 1e18, 1e18, 1e-30, 0, 0]), [4, 3]);
    const y = [...rows.fusedRmsNorm(w, EPS).toArray()];
    assert.ok(y.slice(0, 3).every(Number.isNaN));
    assert.deepEqual(y.slice(3, 6), [0, NaN, 0]); // as libtorch's own
    assert.deepEqual(y.slice(6).map((v) => Math.abs(v - 1) < 1e-6), [true, true, true, false, false, false]);
  }));

Deno.test("fusedRmsNorm of no rows is no rows", () =>
  scope(() => assert.deepEqual(randn([0, 8]).fusedRmsNorm(randn([8]), EPS).shape, [0, 8])));

Deno.test("fusedRmsNorm refuses a weight of another width", () =>
  scope(() =>
    assert.throws(() => randn([2, 8], { dtype: "f32" }).fusedRmsNorm(randn([4], { dtype: "f32" }), EPS), {
      name: "TensorError",
      message: "Cannot fusedRmsNorm(f32[2,8], f32[4]): weight must be [8], one number a channel",
    })
  ));

Deno.test("RmsNorm is what fusedRmsNorm computes, and ends its weight", () => {
  const before = live();
  const norm = new RmsNorm(6, EPS, { dtype: "f32", device: "cpu" });
  scope(() => {
    norm.weight.fill_(2);
    const x = randn([2, 6]);
    assert.deepEqual([...norm.call(x).toArray()], [...x.fusedRmsNorm(norm.weight, EPS).toArray()]);
  });
  norm[Symbol.dispose]();
  assert.equal(live(), before);
});
