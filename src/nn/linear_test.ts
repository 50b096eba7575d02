// The products of a linear layer, whose fp32 path on CPUs with AVX-512 is ffi/kernels/gemm.cpp.
import assert from "node:assert/strict";
import { type DType, gradients, manualSeed, randn, scope, type Tensor, threads } from "../tensor/mod.ts";
import "../../tests/support/tensors.ts";

/** x wᵀ + b and the gradients of the sum of its squares, in that type. */
function run(dtype: DType, leaves: readonly Tensor[]): Tensor[] {
  const [x, w, b] = leaves.map((t) => t.to(dtype, { copy: true }).requiresGrad());
  const y = x.linear(w, b);
  return [y.detach(), ...gradients([y.mul(y).sum()], [x, w, b]).map((g) => g!)];
}
const leaves = (n: number, i: number, o: number) => [randn([n, i]), randn([o, i]), randn([o])];

/** The same numbers, a column after another. */
const columnwise = (t: Tensor) => t.t().reshape([-1]).reshape(t.shape.toReversed()).t();

// [rows, inputs, outputs]: whole tiles and ragged ones, one block and several, and what is too small to pack.
const SIZES = [
  [24, 16, 32],
  [25, 17, 33],
  [1024, 512, 1376],
  [37, 1377, 512],
  [513, 1025, 95],
  [24, 5000, 40],
  [3000, 64, 9000],
  [23, 100, 100],
  [100, 8, 100],
  [300, 513, 31],
  [1, 64, 64],
  [0, 64, 64],
];

for (const [n, i, o] of SIZES) {
  Deno.test(`linear and its gradients equal fp64 for [${n}, ${i}] by [${o}, ${i}]`, () => {
    manualSeed(1);
    scope(() => {
      const inputs = leaves(n, i, o), exact = run("f64", inputs);
      run("f32", inputs).forEach((t, k) => {
        assert.deepEqual(t.shape, exact[k].shape);
        const off = t.to("f64").sub(exact[k]).linalgVectorNorm().item(), size = exact[k].linalgVectorNorm().item();
        assert.ok(off <= 1e-6 * size, `result ${k}: ${off / size}`);
      });
    });
  });
}

// What rounding of inputs and results alone costs. Where a CPU has no instructions for the type, ftx multiplies in fp32.
const ROUNDING: [DType, number][] = [["bf16", 4e-3], ["f16", 5e-4]];
for (const [dtype, tolerance] of ROUNDING) {
  Deno.test(`linear and its gradients in ${dtype} are off by no more than rounding`, () => {
    for (const [n, i, o] of SIZES) {
      manualSeed(4);
      scope(() => {
        const inputs = leaves(n, i, o).map((t) => t.div(i ** 0.5)); // squares of the results must fit into fp16
        const exact = run("f64", inputs.map((t) => t.to(dtype)));
        run(dtype, inputs).forEach((t, k) => {
          const off = t.to("f64").sub(exact[k]).linalgVectorNorm().item(), size = exact[k].linalgVectorNorm().item();
          assert.ok(off <= tolerance * size, `[${n}, ${i}] by [${o}, ${i}], result ${k}: ${off / size}`);
        });
      });
    }
  });
}

Deno.test("linear takes rows of more than one dimension, and transposed ones", () => {
  manualSeed(2);
  scope(() => {
    const [x, w] = leaves(48, 40, 64);
    const y = x.linear(w);
    const same = (other: Tensor) => assert.ok(other.reshape([48, 64]).sub(y).linalgVectorNorm().item() === 0);
    same(x.reshape([4, 12, 40]).linear(w));
    same(columnwise(x).linear(w));
    same(x.linear(columnwise(w)));
  });
});

Deno.test("linear gives the same bits whatever the number of threads", () => {
  const before = threads();
  const runs = [1, 2, 3, 7].map((count) => {
    manualSeed(3);
    threads(count);
    return scope(() => run("f32", leaves(700, 1100, 200)).map((t) => t.toNumbers()));
  });
  threads(before);
  for (const other of runs.slice(1)) assert.deepEqual(other, runs[0]);
});

Deno.test("linear names sizes that do not fit", () =>
  scope(() => assert.throws(() => randn([30, 40]).linear(randn([50, 41])), { name: "TensorError" })));
