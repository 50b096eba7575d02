import assert from "node:assert/strict";
import { from, gradients, live, manualSeed, ones, randn, scope, type Tensor } from "../tensor/mod.ts";
import { error, holdEqual } from "../../tests/support/hold_equal.ts";

manualSeed(1); // the same numbers on every run

const paths = {
  fast: (gate: Tensor, up: Tensor) => gate.swiglu(up),
  plain: (gate: Tensor, up: Tensor) => gate.silu().mul(up),
};

for (const shape of [[1], [1, 7], [3, 5, 17], [129, 513]]) {
  Deno.test(`swiglu equals silu · mul, forward and backward: [${shape}]`, () => {
    const before = live();
    scope(() => holdEqual({ ...paths, narrow: [randn(shape).mul(4), randn(shape)] }));
    assert.equal(live(), before);
  });
}

Deno.test("swiglu takes inputs that are not contiguous", () =>
  scope(() => {
    const halves = (x: Tensor) => x.chunk(2, -1);
    holdEqual({
      fast: (x) => halves(x)[0].swiglu(halves(x)[1]),
      plain: (x) => halves(x)[0].silu().mul(halves(x)[1]),
      narrow: [randn([5, 22])],
    });
  }));

Deno.test("swiglu broadcasts as mul does", () =>
  scope(() => holdEqual({ ...paths, narrow: [randn([5, 6]), randn([6])] })));

Deno.test("swiglu of nothing is nothing", () =>
  scope(() => assert.deepEqual(randn([0, 4]).swiglu(randn([0, 4])).shape, [0, 4])));

Deno.test("swiglu's exponential errs by 3e-7 at most from -120 to 120, and hands NaN and infinity on", () =>
  scope(() => {
    const wide = Float64Array.from({ length: 240_001 }, (_, i) => (i - 120_000) / 1000);
    const x = from(Float32Array.from(wide)), got = x.swiglu(ones([wide.length], { dtype: "f32" })).toArray();
    let worst = 0;
    x.toArray().forEach((v, i) => {
      const exact = v / (1 + Math.exp(-v));
      if (Math.abs(exact) > 1e-30) worst = Math.max(worst, Math.abs(got[i] - exact) / Math.abs(exact));
      else assert.ok(Math.abs(got[i]) < 1e-29, `silu(${v}) = ${got[i]}`);
    });
    assert.ok(worst < 3e-7, `worst ${worst}`);
    const odd = from(new Float32Array([NaN, Infinity, -0, 0, 3e38])).swiglu(ones([5], { dtype: "f32" })).toArray();
    assert.deepEqual([...odd], [NaN, Infinity, -0, 0, from(new Float32Array([3e38])).toArray()[0]]);
  }));

Deno.test("swiglu's gradient is finite at ±1e4 and NaN at NaN", () =>
  scope(() => {
    const gate = from(new Float32Array([1e4, -1e4, NaN])).requiresGrad();
    const up = from(new Float32Array([2, 2, 2])).requiresGrad();
    const [dgate, dup] = gradients([gate.swiglu(up)], [gate, up], [ones([3], { dtype: "f32" })]);
    assert.deepEqual([...dgate!.toArray()].map(Math.abs), [2, 0, NaN]);
    assert.ok(error(dup!.narrow(0, 0, 2), from(new Float32Array([1e4, 0]))) < 1e-6);
    assert.ok(Number.isNaN(dup!.toArray()[2]));
  }));
