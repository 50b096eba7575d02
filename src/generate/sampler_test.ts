import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { from, live, manualSeed, scope, type Tensor } from "../tensor/mod.ts";
import { filtered, penalised, Sampler, type Sampling } from "./sampler.ts";

const plain: Sampling = { doSample: true, temperature: 1, topK: 0, topP: 1, repetitionPenalty: 1 };

/** Chances in, logits out: their logarithms. */
const logits = (...chances: number[]) => from(Float32Array.from(chances, Math.log));
const near = (t: Tensor, want: number[]) => {
  const got = [...t.toArray()];
  assert.equal(got.length, want.length);
  got.forEach((x, i) => assert.ok(Math.abs(x - want[i]) < 1e-6, `${got} is not ${want}`));
};
/** The distribution that tokens are drawn from. */
const chances = (t: Tensor, sampling: Partial<Sampling>) => filtered(t, { ...plain, ...sampling }).softmax(-1);

Deno.test("filtered() divides by the temperature", () =>
  scope(() => {
    near(chances(logits(0.5, 0.25, 0.25), { temperature: 0.5 }), [4 / 6, 1 / 6, 1 / 6]); // squares
    near(
      chances(logits(0.64, 0.16, 0.2), { temperature: 2 }),
      [0.8, 0.4, Math.sqrt(0.2)].map((x, _, all) => x / all.reduce((a, b) => a + b)),
    ); // roots
  }));

Deno.test("filtered() keeps the k likeliest tokens, and those as likely as the last of them", () =>
  scope(() => {
    near(chances(logits(0.1, 0.4, 0.2, 0.3), { topK: 2 }), [0, 4 / 7, 0, 3 / 7]);
    near(chances(logits(0.4, 0.2, 0.2, 0.2), { topK: 2 }), [0.4, 0.2, 0.2, 0.2]);
    near(chances(logits(0.4, 0.6), { topK: 50 }), [0.4, 0.6]);
  }));

Deno.test("filtered() keeps the fewest tokens that hold top_p, at least one", () =>
  scope(() => {
    const four = () => logits(0.1, 0.4, 0.15, 0.35);
    near(chances(four(), { topP: 0.7 }), [0, 4 / 7.5, 0, 3.5 / 7.5]);
    near(chances(four(), { topP: 0.8 }), [0, 4 / 9, 1.5 / 9, 3.5 / 9]);
    near(chances(four(), { topP: 0.3 }), [0, 1, 0, 0]);
    near(chances(four(), { topP: 0 }), [0, 1, 0, 0]);
    near(chances(four(), { topP: 1 }), [0.1, 0.4, 0.15, 0.35]);
  }));

Deno.test("filtered() takes the temperature first, then top_k, then top_p", () =>
  scope(() => {
    // squares of .4 .3 .2 .1 are 16 9 4 1; the two largest of them hold 16/25 and 9/25
    near(chances(logits(0.4, 0.3, 0.2, 0.1), { temperature: 0.5, topK: 2, topP: 0.6 }), [1, 0, 0, 0]);
    near(chances(logits(0.4, 0.3, 0.2, 0.1), { temperature: 0.5, topK: 2, topP: 0.7 }), [16 / 25, 9 / 25, 0, 0]);
  }));

Deno.test("penalised() divides positive and multiplies negative logits of tokens that have appeared", () =>
  scope(() => {
    const seen = from(Uint8Array.from([1, 1, 0, 0])).to("bool");
    near(penalised(from(Float32Array.from([3, -3, 3, -3])), seen, 1.5), [2, -4.5, 3, -3]);
  }));

Deno.test("Sampler counts the prompt and its own tokens as having appeared", () => {
  const before = live();
  {
    using sampler = new Sampler({ ...plain, doSample: false, repetitionPenalty: 4 }, [0], { vocabulary: 3 });
    const step = () => scope(() => sampler.choose(from(Float32Array.from([4, 3, 2]))));
    assert.deepEqual([step(), step(), step()], [1, 2, 0]); // 1 3 2, then 1 .75 2, then 1 .75 .5
  }
  assert.equal(live(), before);
});

Deno.test("Sampler takes the likeliest token where do_sample is off or the temperature is 0", () => {
  for (const off of [{ doSample: false }, { temperature: 0 }]) {
    using sampler = new Sampler({ ...plain, ...off }, [], { vocabulary: 3 });
    for (let i = 0; i < 20; i++) assert.equal(scope(() => sampler.choose(logits(0.3, 0.4, 0.3))), 1);
  }
});

Deno.test("Sampler draws tokens as often as they are likely, and the same ones after the same seed", () => {
  using sampler = new Sampler({ ...plain, topK: 3 }, [], { vocabulary: 4 });
  const draw = (n: number) => Array.from({ length: n }, () => scope(() => sampler.choose(logits(0.5, 0.3, 0.2, 0.1))));
  manualSeed(7);
  const first = draw(2000);
  const counts = [0, 1, 2, 3].map((id) => first.filter((x) => x === id).length);
  [1000, 600, 400, 0].forEach((want, i) => assert.ok(Math.abs(counts[i] - want) < 90, `${counts}`)); // 4 deviations
  manualSeed(7);
  assert.deepEqual(draw(50), first.slice(0, 50));
  manualSeed(8);
  assert.notDeepEqual(draw(50), first.slice(0, 50));
});

Deno.test("Sampler says so when logits are not finite", () => {
  for (const doSample of [true, false]) {
    using sampler = new Sampler({ ...plain, doSample }, [], { vocabulary: 2 });
    assert.throws(() => scope(() => sampler.choose(from(Float32Array.from([NaN, 1])))), {
      name: "FtxError",
      message: "Cannot choose a token: the model's logits are not finite; its weights or its adapter diverged in " +
        "training, so take an earlier checkpoint",
    });
  }
});
