import assert from "node:assert/strict";
import { error, holdEqual, type Path } from "../../tests/support/hold_equal.ts";
import {
  type DType,
  from,
  gradients,
  live,
  manualSeed,
  memory,
  noGrad,
  ones,
  randn,
  resetPeak,
  scope,
  stack,
  type Tensor,
  threads,
} from "../tensor/mod.ts";
import { linearLogProb, type LogProbOptions, plainLogProb } from "./log_prob.ts";

manualSeed(1); // the same numbers on every run

const ids = (n: number, V: number) => from(Int32Array.from({ length: n }, (_, i) => (i * 31 + 5) % V));
const f32 = (xs: number[], shape: number[]) => from(new Float32Array(xs), shape);
/** Both results as one, so that their gradients meet. */
const both = ({ logp, entropy }: { logp: Tensor; entropy: Tensor | undefined }) => logp.add(entropy!.mul(-0.3));

interface Case {
  rows: number;
  width: number;
  vocabulary: number;
  chunk?: number;
  temperature?: number;
}
const cases: Case[] = [
  { rows: 1, width: 1, vocabulary: 2 },
  { rows: 1, width: 5, vocabulary: 17, temperature: 0.5 },
  { rows: 9, width: 24, vocabulary: 131, chunk: 4 },
  { rows: 9, width: 24, vocabulary: 131, chunk: 9 },
  { rows: 12, width: 16, vocabulary: 64, chunk: 1, temperature: 1.7 },
  { rows: 300, width: 33, vocabulary: 1001, temperature: 0.9 }, // more rows than a frozen head's own chunk
  { rows: 3, width: 8, vocabulary: 70_001 },
];
for (const { rows, width, vocabulary: V, chunk, temperature } of cases) {
  const title = `[${rows}, ${width}] · [${V}, ${width}]ᵀ, chunk ${chunk}, temperature ${temperature}`;
  const inputs = () => [randn([rows, width]), randn([V, width]).mul(0.5)];
  const results: Record<string, (of: ReturnType<typeof linearLogProb>) => Tensor> = {
    "log-probability": ({ logp }) => logp,
    "entropy": ({ entropy }) => entropy!,
    "both": both,
  };
  for (const [name, result] of Object.entries(results)) {
    const entropy = name !== "log-probability";
    const hold = (fast: Path, plain: Path, narrow: Tensor[]) =>
      holdEqual({ fast, plain, narrow, tolerance: 2e-6, result: "f32" });

    Deno.test(`linearLogProb equals plainLogProb, ${name}, head trained: ${title}`, () => {
      const before = live();
      scope(() => {
        const y = ids(rows, V);
        hold(
          (x, w) => result(linearLogProb(x, w, y, { chunk, temperature, entropy })),
          (x, w) => result(plainLogProb(x, w, y, { temperature })),
          inputs(),
        );
      });
      assert.equal(live(), before);
    });

    Deno.test(`linearLogProb equals plainLogProb, ${name}, head frozen: ${title}`, () =>
      scope(() => {
        const y = ids(rows, V), [x, w] = inputs(), weight = w.to("bf16"); // the same numbers in every type
        hold(
          (x) => result(linearLogProb(x, weight.to(x.dtype), y, { chunk, temperature, entropy })),
          (x) => result(plainLogProb(x, weight.to(x.dtype), y, { temperature })),
          [x],
        );
      }));
  }
}

Deno.test("linearLogProb's gradients are its slopes: fp64, each input, each result", () =>
  scope(() => {
    const [N, D, V] = [5, 3, 11], y = from(new Int32Array([3, -100, 0, 10, 3])), step = 1e-5;
    const given = [randn([N, D]).to("f64"), randn([V, D]).to("f64")], pull = randn([N]).to("f64");
    for (const name of ["logp", "entropy"] as const) {
      const f = (x: Tensor, w: Tensor) =>
        linearLogProb(x, w, y, { temperature: 0.7, entropy: true, chunk: 2 })[name]!.mul(pull).sum();
      const leaves = given.map((t) => t.clone().requiresGrad());
      const found = gradients([f(leaves[0], leaves[1])], leaves);
      given.forEach((t, i) => {
        const values = t.toNumbers();
        const slopes = values.map((value, j) => {
          const [up, down] = [step, -step].map((by) => {
            const moved = from(values.with(j, value + by), t.shape);
            return scope(() => f(i === 0 ? moved : given[0], i === 1 ? moved : given[1]).item());
          });
          return (up - down) / (2 * step);
        });
        const off = error(found[i]!, from(slopes, t.shape));
        assert.ok(off < 1e-8, `${name}, input ${i}: ${off}`);
      });
    }
  }));

Deno.test("linearLogProb gives fp32 for every type but fp64, and is right in each", () =>
  scope(() => {
    const x = randn([7, 12]), w = randn([29, 12]).mul(0.4), y = ids(7, 29);
    const allowed: Partial<Record<DType, number>> = { f64: 1e-14, f32: 1e-6, f16: 2e-3, bf16: 2e-2 };
    for (const [dtype, most] of Object.entries(allowed) as [DType, number][]) {
      const leaves = [x, w].map((t) => t.to(dtype).detach().requiresGrad()),
        wide = leaves.map((t) => t.detach().to("f64"));
      const truths = wide.map((t) => t.requiresGrad());
      const ours = both(linearLogProb(leaves[0], leaves[1], y, { entropy: true, chunk: 3 }));
      const truth = both(plainLogProb(truths[0], truths[1], y));
      assert.equal(ours.dtype, dtype === "f64" ? "f64" : "f32");
      assert.ok(error(ours, truth) < most, `${dtype}: ${error(ours, truth)}`);
      const found = gradients([ours.sum()], leaves), wanted = gradients([truth.sum()], truths);
      found.forEach((g, i) => {
        assert.equal(g!.dtype, dtype);
        assert.ok(error(g!, wanted[i]!) < most, `${dtype}, gradient ${i}: ${error(g!, wanted[i]!)}`);
      });
    }
  }));

Deno.test("linearLogProb gives no entropy unless asked, and the same log-probabilities then", () =>
  scope(() => {
    const x = randn([4, 8]), w = randn([9, 8]), y = ids(4, 9);
    const without = linearLogProb(x, w, y), asked = linearLogProb(x, w, y, { entropy: true });
    assert.equal(without.entropy, undefined);
    assert.deepEqual(asked.logp.toArray(), without.logp.toArray());
    assert.deepEqual(asked.entropy!.shape, [4]);
  }));

Deno.test("linearLogProb gives 0 and no gradient to rows whose target is -100", () =>
  scope(() => {
    for (const dtype of ["f32", "bf16", "f64"] as const) {
      const x = randn([4, 8]).to(dtype).requiresGrad(), w = randn([50, 8]).to(dtype).requiresGrad();
      const ask = (rows: Tensor, targets: number[]) => {
        const { logp, entropy } = linearLogProb(rows, w, from(new Int32Array(targets)), { entropy: true, chunk: 3 });
        const [dx, dw] = gradients([logp.sum().add(entropy!.sum())], [x, w]);
        return { results: stack([logp, entropy!]), dx: dx!, dw: dw! };
      };
      const all = ask(x, [7, -100, 0, 49]), learned = from(new Int32Array([0, 2, 3]));
      const kept = ask(x.indexSelect(0, learned), [7, 0, 49]);
      assert.deepEqual([...all.results.select(1, 1).toArray()], [0, 0]);
      assert.ok(error(all.results.indexSelect(1, learned), kept.results) < 1e-6);
      assert.deepEqual([...all.dx.select(0, 1).toArray()].map(Math.abs), Array(8).fill(0));
      const most = dtype === "bf16" ? 1e-2 : 1e-6;
      assert.ok(error(all.dx, kept.dx) < most && error(all.dw, kept.dw) < most);
    }
  }));

Deno.test("linearLogProb stays finite at logits of ±1e4, and where a logit is -infinity", () =>
  scope(() => {
    const x = f32([1, 1], [2, 1]).requiresGrad(), y = from(new Int32Array([0, 1]));
    for (const w of [f32([1e4, -1e4, 0], [3, 1]), f32([2, 1, -Infinity], [3, 1])]) {
      for (const dtype of ["f32", "f64"] as const) {
        const { logp, entropy } = linearLogProb(x.to(dtype), w.to(dtype), y, { entropy: true });
        assert.ok(logp.isfinite().all().item() && entropy!.isfinite().all().item());
        if (w.isfinite().all().item()) {
          const [dx] = gradients([logp.sum().add(entropy!.sum())], [x]);
          assert.ok(error(dx!, f32([0, -2e4], [2, 1])) < 1e-6, `${dx!.toArray()}`);
        }
      }
    }
  }));

Deno.test("linearLogProb gives NaN, never a finite number, for a NaN or infinite logit anywhere", () =>
  scope(() => {
    for (const dtype of ["f32", "bf16"] as const) {
      for (const odd of [NaN, Infinity]) {
        for (let at = 0; at < 37; at++) {
          const weight = Float32Array.from({ length: 37 }, (_, v) => v === at ? odd : v / 37);
          const x = ones([1, 1]).to(dtype).requiresGrad(), w = from(weight, [37, 1]).to(dtype);
          const { logp, entropy } = linearLogProb(x, w, from(new Int32Array([3])), { entropy: true });
          assert.ok(Number.isNaN(logp.item()) && Number.isNaN(entropy!.item()), `${dtype} ${odd} at ${at}`);
          assert.ok(Number.isNaN(gradients([logp], [x])[0]!.item()));
        }
      }
    }
  }));

Deno.test("linearLogProb gives the same bits for 1, 2 and 3 threads", () =>
  scope(() => {
    const many = threads(), y = ids(65, 333);
    const leaves = [randn([65, 40]), randn([333, 40])].map((t) => t.to("bf16").requiresGrad());
    const bits = () =>
      scope(() => {
        const { logp, entropy } = linearLogProb(leaves[0], leaves[1], y, { entropy: true, chunk: 16 });
        const found = gradients([logp.sum(), entropy!.sum()], leaves);
        return [logp, entropy!, ...found.map((g) => g!)].map((t) => t.toArray());
      });
    threads(1);
    const alone = bits();
    for (const n of [2, 3]) {
      threads(n);
      assert.deepEqual(bits(), alone, `${n} threads`);
    }
    threads(many);
  }));

Deno.test("linearLogProb takes hidden states that are not contiguous, int64 targets and a pull of stride 0", () =>
  scope(() => {
    const x = randn([24, 10]).requiresGrad(),
      w = randn([50, 8]),
      y = ids(10, 50),
      view = () => x.t().slice(1, 0, 24, 3);
    const ours = linearLogProb(view(), w, y.to("i64"), { chunk: 3 }).logp, plain = plainLogProb(view(), w, y).logp;
    assert.ok(error(ours, plain) < 1e-6);
    const pull = ones([1], { dtype: "f32" }).expand([10]);
    const [[found], [wanted]] = [ours, plain].map((result) => gradients([result], [x], [pull]));
    assert.ok(error(found!, wanted!) < 1e-5);
  }));

Deno.test("linearLogProb computes only the gradients that are asked for", () =>
  scope(() => {
    const x = randn([600, 8]).requiresGrad(), w = randn([20_000, 8]).requiresGrad(), y = ids(600, 20_000);
    const peak = (leaf: Tensor) => {
      const { logp } = linearLogProb(x, w, y, { chunk: 16 }), before = memory().bytes;
      resetPeak();
      scope(() => gradients([logp.sum()], [leaf]));
      return memory().peak - before;
    };
    const chunk = 16 * 20_000 * 4, weight = 20_000 * 8 * 4;
    assert.ok(peak(x) < chunk + weight / 2 && peak(w) > chunk + weight / 2);
  }));

Deno.test("linearLogProb never holds the logits of all rows, forward or backward", () =>
  scope(() => {
    const [N, D, V] = [2048, 16, 4000], logits = N * V * 4;
    const x = randn([N, D]).requiresGrad(), w = randn([V, D]).requiresGrad(), y = ids(N, V);
    const peak = (run: () => { logp: Tensor; entropy: Tensor | undefined }) => {
      const before = memory().bytes;
      resetPeak();
      scope(() => gradients([both(run()).sum()], [x, w]));
      return memory().peak - before;
    };
    const options: LogProbOptions = { entropy: true, chunk: 256 };
    const ours = peak(() => linearLogProb(x, w, y, options)), plain = peak(() => plainLogProb(x, w, y));
    assert.ok(ours < 0.25 * logits, `${ours} bytes, ${logits} those of all logits`);
    assert.ok(plain > 2 * logits, `${plain}`);
  }));

const refused: [string, () => unknown, string][] = [
  ["a target beyond the vocabulary", () => refuse([2, 4], [5, 4], [0, 5]), "a target is outside the vocabulary of 5"],
  ["another number of targets", () => refuse([2, 4], [5, 4], [1]), "x must be [N, D], weight [V, D], targets [N]"],
  ["no rows", () => refuse([0, 4], [5, 4], []), "there is no row"],
  ["a temperature of 0", () => refuse([1, 4], [5, 4], [1], 0), "the temperature must be above 0, not 0"],
  ["a temperature of NaN", () => refuse([1, 4], [5, 4], [1], NaN), "the temperature must be above 0, not nan"],
];
const refuse = (x: number[], w: number[], y: number[], temperature = 1) =>
  noGrad(() =>
    linearLogProb(ones(x, { dtype: "f32" }), ones(w, { dtype: "f32" }), from(new Int32Array(y)), { temperature })
  );
for (const [what, act, why] of refused) {
  Deno.test(`linearLogProb refuses ${what} with a sentence`, () =>
    scope(() =>
      assert.throws(act, (e: Error) => {
        assert.match(e.message, /^Cannot linearLogProb\(f32\[\d,4\], f32\[5,4\], i32\[\d\]\): /);
        return e.name === "TensorError" && e.message.endsWith(`: ${why}`);
      })
    ));
}
