import assert from "node:assert/strict";
import { from, full, gradNorm, live, manualSeed, randn, scope, type Tensor, threads } from "./mod.ts";
import "../../tests/support/tensors.ts";

manualSeed(1); // the same numbers on every run

/** The norm of all elements together, in fp64. */
const plain = (grads: Tensor[]) => Math.hypot(...grads.map((g) => g.to("f64").linalgVectorNorm().item()));

Deno.test("gradNorm() equals the 2-norm of all elements, whatever their types, sizes and strides", () => {
  const before = live();
  scope(() => {
    const grads = [
      randn([1]),
      randn([3, 7]).to("bf16"),
      randn([70_001]), // more than one block of partial sums
      randn([300, 301]).to("bf16"),
      randn([40, 9]).t(),
      randn([40, 9]).narrow(1, 2, 3),
      randn([0, 4]),
    ];
    const all = [[grads[0]], grads, [...grads, randn([5]).to("f64")], [randn([6]).to("f16"), randn([5])]];
    for (const some of all) {
      const norm = gradNorm(some).item();
      assert.ok(Math.abs(norm / plain(some) - 1) < 1e-6, `${some}: ${norm}, not ${plain(some)}`);
    }
  });
  assert.equal(live(), before);
});

Deno.test("gradNorm() does not depend on the number of threads", () =>
  scope(() => {
    const grads = [randn([200_003]), randn([100_001]).to("bf16")], many = threads(), norm = gradNorm(grads).item();
    threads(1);
    assert.equal(gradNorm(grads).item(), norm);
    threads(many);
  }));

Deno.test("gradNorm() keeps its precision over millions of equal numbers", () =>
  scope(() => {
    const g = full([5_000_000], 0.1, { dtype: "f32" });
    assert.ok(Math.abs(gradNorm([g]).item() / (Math.fround(0.1) * Math.sqrt(5e6)) - 1) < 1e-6);
  }));

Deno.test("gradNorm() is not finite where a gradient is not, and zero of nothing", () =>
  scope(() => {
    const odd = (x: number) => gradNorm([randn([100]), from(Float32Array.of(1, x, 2))]).item();
    assert.equal(odd(NaN), NaN);
    assert.equal(odd(-Infinity), Infinity);
    assert.equal(gradNorm([]).item(), 0);
  }));
