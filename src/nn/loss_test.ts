import assert from "node:assert/strict";
import {
  cat,
  from,
  full,
  gradients,
  live,
  manualSeed,
  noGrad,
  ones,
  randn,
  scope,
  type Tensor,
  threads,
} from "../tensor/mod.ts";
import { error, holdEqual } from "../../tests/support/hold_equal.ts";
import { linearCrossEntropy, plainCrossEntropy } from "./loss.ts";

manualSeed(1); // the same numbers on every run

const ids = (n: number, V: number) => from(Int32Array.from({ length: n }, (_, i) => (i * 31 + 5) % V));
const f32 = (xs: number[], shape: number[]) => from(new Float32Array(xs), shape);

interface Case {
  rows: number;
  width: number;
  vocabulary: number;
  chunk?: number;
  labelSmoothing?: number;
}
const cases: Case[] = [
  { rows: 1, width: 1, vocabulary: 2 },
  { rows: 1, width: 5, vocabulary: 17 },
  { rows: 9, width: 24, vocabulary: 131, chunk: 4 },
  { rows: 12, width: 16, vocabulary: 64, chunk: 1, labelSmoothing: 0.1 },
  { rows: 300, width: 33, vocabulary: 1001, labelSmoothing: 0.25 }, // more rows than a frozen head's own chunk
  { rows: 3, width: 8, vocabulary: 70_001 },
];
for (const { rows, width, vocabulary: V, chunk, labelSmoothing = 0 } of cases) {
  const title = `[${rows}, ${width}] · [${V}, ${width}]ᵀ, chunk ${chunk}, smoothing ${labelSmoothing}`;
  const inputs = () => [randn([rows, width]), randn([V, width]).mul(0.5)];

  Deno.test(`linearCrossEntropy equals plainCrossEntropy, head trained: ${title}`, () => {
    const before = live();
    scope(() => {
      const y = ids(rows, V);
      holdLoss(
        (x, w) => linearCrossEntropy(x, w, y, { chunk, labelSmoothing }).loss,
        (x, w) => plainCrossEntropy(x, w, y, labelSmoothing).loss,
        inputs(),
      );
    });
    assert.equal(live(), before);
  });

  Deno.test(`linearCrossEntropy equals plainCrossEntropy, head frozen: ${title}`, () =>
    scope(() => {
      const y = ids(rows, V), [x, w] = inputs(), weight = w.to("bf16"); // the same numbers in every type
      holdLoss(
        (x) => linearCrossEntropy(x, weight.to(x.dtype), y, { chunk, labelSmoothing }).loss,
        (x) => plainCrossEntropy(x, weight.to(x.dtype), y, labelSmoothing).loss,
        [x],
      );
    }));

  Deno.test(`linearCrossEntropy counts the rows that argmax finds: ${title}`, () =>
    scope(() => {
      const [x, weight] = inputs();
      for (const dtype of ["f32", "bf16"] as const) { // bf16's logits are often equal to one another
        const best = x.to(dtype).linear(weight.to(dtype)).argmax(-1).toArray();
        const y = from(Int32Array.from(best, (b, i) => i % 3 ? b : (b + i) % V));
        const ours = noGrad(() => linearCrossEntropy(x.to(dtype), weight.to(dtype), y, { chunk: rows }));
        const plain = plainCrossEntropy(x.to(dtype), weight.to(dtype), y);
        assert.equal(ours.correct.dtype, "f32");
        assert.deepEqual([...ours.correct.toArray()], [...plain.correct.toArray()]);
      }
    }));
}

/** Holds the two equal in fp32 and bf16. */
function holdLoss(fast: (...t: Tensor[]) => Tensor, plain: (...t: Tensor[]) => Tensor, narrow: Tensor[]) {
  holdEqual({ fast, plain, narrow, tolerance: 2e-6, result: "f32" });
}

Deno.test("linearCrossEntropy multiplies its gradients by what comes from above, unrounded", () =>
  scope(() => {
    const x = randn([4, 8]).to("bf16").requiresGrad(), w = randn([9, 8]).to("bf16").requiresGrad(), y = ids(4, 9);
    const ask = (factor: number) =>
      gradients([linearCrossEntropy(x, w, y).loss], [x, w], [full([], factor, { dtype: "f32" })]);
    const [dx, dw] = ask(1), [thirdX, thirdW] = ask(1 / 3);
    assert.deepEqual([...thirdX!.toArray()], [...dx!.to("f32").mul(1 / 3).to("bf16").toArray()]);
    assert.deepEqual([...thirdW!.toArray()], [...dw!.to("f32").mul(1 / 3).to("bf16").toArray()]);
  }));

Deno.test("linearCrossEntropy counts the first of equal logits only, as argmax", () =>
  scope(() => {
    const x = ones([3, 1], { dtype: "f32" }), w = f32([1, 5, 5], [3, 1]);
    assert.deepEqual([...linearCrossEntropy(x, w, from(new Int32Array([0, 1, 2]))).correct.toArray()], [0, 1, 0]);
  }));

Deno.test("linearCrossEntropy stays finite at logits of ±1e4", () =>
  scope(() => {
    const x = f32([1, 1], [2, 1]).requiresGrad(), w = f32([1e4, -1e4, 0], [3, 1]);
    const { loss } = linearCrossEntropy(x, w, from(new Int32Array([0, 1])));
    assert.equal(loss.item(), 2e4);
    const [dx] = gradients([loss], [x]);
    assert.ok(error(dx!, f32([0, 2e4], [2, 1])) < 1e-6);
  }));

Deno.test("linearCrossEntropy gives NaN, never a finite loss, for a NaN or infinite logit anywhere", () =>
  scope(() => {
    for (const dtype of ["f32", "bf16"] as const) {
      for (const odd of [NaN, Infinity]) {
        for (let at = 0; at < 37; at++) {
          const weight = Float32Array.from({ length: 37 }, (_, v) => v === at ? odd : v / 37);
          const x = ones([1, 1]).to(dtype).requiresGrad(), w = from(weight, [37, 1]).to(dtype);
          const { loss, correct } = linearCrossEntropy(x, w, from(new Int32Array([3])));
          assert.ok(Number.isNaN(loss.item()), `${dtype} ${odd} at ${at}: ${loss.item()}`);
          assert.ok(Number.isNaN(gradients([loss], [x])[0]!.item()));
          if (Number.isNaN(odd)) assert.equal(correct.item(), 0);
        }
      }
    }
  }));

Deno.test("linearCrossEntropy is infinite where the target's logit is -infinity", () =>
  scope(() => {
    const { loss } = linearCrossEntropy(ones([1, 1]), f32([-Infinity, 1, 2], [3, 1]), from(new Int32Array([0])));
    assert.equal(loss.item(), Infinity);
  }));

Deno.test("linearCrossEntropy is the same for any number of threads", () =>
  scope(() => {
    const x = randn([65, 40]), w = randn([333, 40]), y = ids(65, 333), many = threads();
    const loss = () => noGrad(() => linearCrossEntropy(x, w, y, { chunk: 16 }).loss.item());
    const wanted = loss();
    threads(1);
    const alone = loss();
    threads(many);
    assert.ok(Math.abs(alone - wanted) / wanted < 1e-6);
  }));

Deno.test("linearCrossEntropy takes hidden states that are not contiguous, and int64 targets", () =>
  scope(() => {
    const x = randn([24, 10]), w = randn([50, 8]), y = ids(10, 50);
    const ours = linearCrossEntropy(x.t().slice(1, 0, 24, 3), w, y.to("i64"), { chunk: 3 });
    assert.ok(error(ours.loss, plainCrossEntropy(x.t().slice(1, 0, 24, 3), w, y).loss) < 1e-6);
  }));

Deno.test("linearCrossEntropy passes over rows whose target is -100, forward and backward", () =>
  scope(() => {
    const make = () => {
      const x = randn([3, 8]).requiresGrad(), w = randn([50, 8]).requiresGrad();
      return { x, w, with: cat([x, randn([2, 8])]) };
    };
    const { x, w, with: longer } = make();
    const y = from(new Int32Array([7, 0, 49, -100, -100]));
    const ours = linearCrossEntropy(longer, w, y, { labelSmoothing: 0.1, chunk: 2 });
    ours.loss.backward();
    const [dx, dw] = [x.grad!.clone(), w.grad!.clone()];
    x.grad = w.grad = null;
    const plain = plainCrossEntropy(x, w, y.slice(0, 0, 3), 0.1);
    plain.loss.backward();
    assert.ok(error(ours.loss, plain.loss) < 1e-6);
    assert.ok(error(dx, x.grad!) < 1e-5 && error(dw, w.grad!) < 1e-5);
    assert.deepEqual([...ours.correct.toArray().subarray(3)], [0, 0]);
  }));

const refused: [string, () => unknown, string][] = [
  ["a target beyond the vocabulary", () => refuse([2, 4], [5, 4], [0, 5]), "a target is outside the vocabulary of 5"],
  ["a negative target", () => refuse([2, 4], [5, 4], [-1, 1]), "a target is outside the vocabulary of 5"],
  ["another number of targets", () => refuse([2, 4], [5, 4], [1]), "x must be [N, D], weight [V, D], targets [N]"],
  ["no rows", () => refuse([0, 4], [5, 4], []), "there is no row"],
];
const refuse = (x: number[], w: number[], y: number[]) =>
  linearCrossEntropy(ones(x, { dtype: "f32" }), ones(w, { dtype: "f32" }), from(new Int32Array(y)));
for (const [what, act, why] of refused) {
  Deno.test(`linearCrossEntropy refuses ${what} with a sentence`, () =>
    scope(() =>
      assert.throws(act, (e: Error) => {
        assert.match(e.message, /^Cannot linearCrossEntropy\(f32\[\d,4\], f32\[5,4\], i32\[\d\]\): /);
        return e.name === "TensorError" && e.message.endsWith(`: ${why}`);
      })
    ));
}
