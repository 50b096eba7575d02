import assert from "node:assert/strict";
import { cat, live, manualSeed, ones, randn, scope, type Tensor } from "../tensor/mod.ts";
import { attend, attendCached, plainAttend } from "./attention.ts";
import { holdEqual } from "../../tests/support/hold_equal.ts";

manualSeed(1); // the same numbers on every run

// The truth: softmax(q kᵀ / √C + mask) v, one document and one head at a time.
function explicit(q: Tensor, k: Tensor, v: Tensor, lengths: readonly number[], window: number | null): Tensor {
  const [, H, C] = q.shape, shared = H / k.shape[1];
  let from = 0;
  return cat(lengths.map((T) => {
    const one = (x: Tensor, head: number) => x.narrow(0, from, T).select(1, head);
    const causal = ones([T, T]).tril(), seen = window === null ? causal : causal.sub(causal.tril(-window));
    const heads = Array.from({ length: H }, (_, h) => {
      const scores = one(q, h).matmul(one(k, Math.floor(h / shared)).t()).div(Math.sqrt(C));
      return scores.maskedFill(seen.eq(0), -Infinity).softmax(-1).matmul(one(v, Math.floor(h / shared)));
    });
    from += T;
    return cat(heads, -1);
  }));
}

const some = (N: number, H: number, K: number, C: number) => [randn([N, H, C]), randn([N, K, C]), randn([N, K, C])];
const sum = (xs: readonly number[]) => xs.reduce((a, b) => a + b);

function hold(way: typeof attend, lengths: number[], window: number | null, [H, K, C]: number[]) {
  const before = live();
  scope(() =>
    holdEqual({
      fast: (q, k, v) => way(q, k, v, { lengths, window }),
      plain: (q, k, v) => explicit(q, k, v, lengths, window),
      narrow: some(sum(lengths), H, K, C),
      tolerance: 2e-6,
    })
  );
  assert.equal(live(), before);
}

for (const way of [attend, plainAttend]) {
  for (const heads of [[1, 1, 2], [4, 4, 8], [6, 2, 10], [4, 1, 16]]) {
    for (const lengths of [[1], [9], [5, 5, 5], [1, 7, 3], [33, 1, 64], [65, 130]]) {
      const what = `lengths ${lengths}, heads, key/value heads and channels ${heads}`;
      Deno.test(`${way.name}() equals softmax(q kᵀ) v within documents: ${what}`, () =>
        hold(way, lengths, null, heads));
    }
  }
  for (
    const [window, lengths] of [[8, [7, 8, 9, 15, 16, 17, 41]], [64, [63, 64, 65, 129, 200]], [100, [300]]] as const
  ) {
    for (const T of lengths) {
      Deno.test(`${way.name}() with a window of ${window} equals an explicit mask at ${T} tokens`, () =>
        hold(way, [T], window, [4, 2, 6]));
    }
  }
  Deno.test(`${way.name}() with a window equals an explicit mask in documents of several lengths`, () =>
    hold(way, [3, 20, 8, 9, 70], 8, [4, 2, 6]));
  Deno.test(`${way.name}() with a window of one sees itself alone`, () => hold(way, [5], 1, [2, 2, 4]));

  Deno.test(`${way.name}() keeps a document's NaN inside the document, and hands it on`, () =>
    scope(() => {
      const [q, k, v] = some(12, 2, 1, 4), odd = k.clone();
      odd.narrow(0, 3, 1).fill_(NaN); // the fourth token of the first document
      const [y, clean] = [odd, k].map((k) => way(q, k, v, { lengths: [6, 6] }).toArray());
      const finite = [...y].map(Number.isFinite);
      assert.deepEqual(finite, finite.map((_, i) => i < 3 * 8 || i >= 6 * 8));
      y.forEach((x, i) => finite[i] && assert.equal(x, clean[i]));
    }));
}

Deno.test("attend() takes inputs that are not contiguous", () =>
  scope(() => {
    const cut = (x: Tensor) => x.unflatten(-1, [12, 8]).splitWithSizes([6, 3, 3], 1);
    holdEqual({
      fast: (x) => attend(...cut(x) as [Tensor, Tensor, Tensor], { lengths: [4, 7] }),
      plain: (x) => explicit(...cut(x) as [Tensor, Tensor, Tensor], [4, 7], null),
      narrow: [randn([11, 96])],
      tolerance: 2e-6,
    });
  }));

Deno.test("attend() drops weights at the given rate, keeping their mean", () =>
  scope(() => {
    const T = 200, [q, k] = some(T, 2, 2, 4), v = ones([T, 2, 4]);
    const y = attend(q, k, v, { lengths: [T], dropout: 0.5 });
    assert.ok(Math.abs(y.mean().item() - 1) < 0.1);
    assert.ok(y.sub(1).linalgVectorNorm().item() > 1);
  }));

for (const window of [null, 4]) {
  Deno.test(`attendCached() equals the last rows of attend(), window ${window}`, () =>
    scope(() => {
      const S = 11, [q, k, v] = some(S, 4, 2, 6);
      const whole = attend(q, k, v, { lengths: [S], window });
      for (const T of [1, 3, S]) {
        const last = attendCached(q.narrow(0, S - T, T), k, v, window);
        assert.ok(last.sub(whole.narrow(0, S - T, T)).linalgVectorNorm().item() < 1e-5, `${T} new tokens`);
      }
    }));
}
