// What kernels for GPUs do with documents of several lengths, held equal here by the same node's formulas on a CPU.
import assert from "node:assert/strict";
import { from, live, manualSeed, randn, scope, type Tensor } from "../tensor/mod.ts";
import { plainAttend } from "./attention.ts";
import { holdEqual } from "../../tests/support/hold_equal.ts";

manualSeed(1); // the same numbers on every run

function varlen(q: Tensor, k: Tensor, v: Tensor, lengths: readonly number[], window: number) {
  const starts = Int32Array.from([0, ...lengths].map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0)));
  return q.varlenAttention(k, v, from(starts), Math.max(...lengths), window, 1 / Math.sqrt(q.shape[2]), 0, true);
}

for (const [H, K, C] of [[1, 1, 2], [4, 4, 8], [6, 2, 10]]) {
  for (const [lengths, window] of [[[1], 0], [[9], 4], [[5, 5, 5], 0], [[1, 7, 3], 0], [[3, 20, 8, 9], 8]] as const) {
    const what = `${H} heads, ${K} key/value heads of ${C} channels, lengths ${lengths}, window ${window}`;
    Deno.test(`varlenAttention equals attention a document at a time, in value and gradients: ${what}`, () => {
      const before = live();
      scope(() => {
        const N = lengths.reduce((a: number, b) => a + b, 0);
        holdEqual({
          fast: (q, k, v) => varlen(q, k, v, lengths, window),
          plain: (q, k, v) => plainAttend(q, k, v, { lengths, window: window || null }),
          narrow: [randn([N, H, C]), randn([N, K, C]), randn([N, K, C])],
          tolerance: 2e-6,
        });
      });
      assert.equal(live(), before);
    });
  }
}

Deno.test("varlenAttention refuses what its kernels cannot do", () =>
  scope(() => {
    const x = randn([4, 2, 8]), starts = from(Int32Array.of(0, 4));
    const refuses = (call: () => Tensor, why: RegExp) => assert.throws(call, why);
    refuses(() => x.varlenAttention(x, x, starts.to("i64"), 4, 0, 1, 0, true), /starts must be int32/);
    refuses(() => x.varlenAttention(x, x, starts, 4, 0, 1, 0.5, true), /no dropout on CPUs/);
    refuses(() => x.varlenAttention(randn([3, 2, 8]), x, starts, 4, 0, 1, 0, true), /q must be \[N, H, C\]/);
  }));
