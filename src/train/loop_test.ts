import assert from "node:assert/strict";
import type { Batch } from "../data/mod.ts";
import { parameter } from "../nn/mod.ts";
import { AdamW } from "../optim/mod.ts";
import { keep, live, manualSeed, randn, scope, zeros } from "../tensor/mod.ts";
import { type Done, train } from "./loop.ts";
import type { Objective } from "./objective.ts";
import { randomStates, setRandomStates } from "./random.ts";

/** A batch of which this loop looks at the counts only. */
const BATCH: Batch = {
  ids: new Int32Array(3),
  labels: new Int32Array(3),
  positions: new Int32Array(3),
  starts: Int32Array.of(0, 3),
  learned: 2,
  rows: 1,
};

/** A parameter whose gradient is random numbers, as with dropout, and a loop over it. */
function begin() {
  manualSeed(1);
  const weight = parameter(keep(zeros([4], { dtype: "f32" })));
  weight.requiresGrad();
  const optimizer = new AdamW([["weight", weight]]);
  const objective: Objective = {
    count: (batch) => batch.learned,
    metrics: {},
    run: () => ({ loss: weight.mul(randn([4], { dtype: "f32" })).sum(), sums: {}, finish: () => {} }),
  };
  const run = async (start: number, giveUp?: (seconds: number) => boolean) => {
    const steps = Array.from({ length: 3 - start }, () => Array<Batch>(4).fill(BATCH));
    const done: Done[] = [];
    const options = { steps, objective, optimizer, maxGradNorm: 1, learningRate: () => 0.1, start, giveUp };
    for await (const step of train(options)) done.push(step);
    return done;
  };
  return {
    run,
    values: () => scope(() => weight.toNumbers()),
    [Symbol.dispose]() {
      optimizer[Symbol.dispose]();
      weight[Symbol.dispose]();
    },
  };
}

Deno.test("train() counts the tokens, the learned ones and the rows of each step", async () => {
  using loop = begin();
  const done = await loop.run(0);
  assert.deepEqual(done.map(({ step, tokens, learned, rows }) => [step, tokens, learned, rows]), [
    [1, 12, 8, 4],
    [2, 12, 8, 4],
    [3, 12, 8, 4],
  ]);
});

Deno.test("train() gives a step up as if it had not begun: made again later, it is the same", async () => {
  const before = live();
  {
    using whole = begin();
    await whole.run(0);
    const expected = whole.values();

    using loop = begin();
    let asked = 0;
    const done = await loop.run(0, (seconds) => {
      assert(seconds >= 0);
      return ++asked === 5; // three times in step 1, in step 2 after its second batch
    });
    assert.equal(done.length, 1);
    const random = randomStates();
    manualSeed(7); // as another process
    setRandomStates(random);
    assert.equal((await loop.run(1)).length, 2);
    assert.deepEqual(loop.values(), expected);
  }
  assert.equal(live(), before);
});
