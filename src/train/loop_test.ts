import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { type Batch, batchOf } from "../data/mod.ts";
import { parameter } from "../nn/mod.ts";
import { adamw, Optimizer, uniform } from "../optim/mod.ts";
import { from, keep, live, manualSeed, randn, scope, zeros } from "../tensor/mod.ts";
import { type Done, type LoopOptions, train } from "./loop.ts";
import type { Objective } from "./objective.ts";
import { randomStates, setRandomStates } from "./random.ts";
import type { Ranks } from "./ranks.ts";

/** A batch of which this loop looks at the counts only. */
const BATCH = batchOf([[{ ids: new Int32Array(3), labels: new Int32Array(3) }]]);

/** A parameter whose gradient is random numbers, as with dropout, and a loop over it. */
function begin() {
  manualSeed(1);
  const weight = parameter(keep(zeros([4], { dtype: "f32" })));
  weight.requiresGrad();
  const optimizer = new Optimizer([["weight", weight]], uniform(adamw()));
  const objective: Objective = {
    count: (batch) => batch.learned,
    metrics: {},
    run: () => ({ loss: weight.mul(randn([4], { dtype: "f32" })).sum(), sums: {}, finish: () => {} }),
  };
  const run = async (start: number, giveUp?: (seconds: number) => boolean, more: Partial<LoopOptions> = {}) => {
    const steps = Array.from({ length: 3 - start }, () => Array<Batch>(4).fill(BATCH));
    const done: Done[] = [];
    const options = { steps, objective, optimizer, maxGradNorm: 1, learningRate: () => 0.1, start, giveUp, ...more };
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

Deno.test("train() divides each metric by its own divisor, and leaves out what nothing counts towards", async () => {
  using weight = parameter(keep(zeros([1], { dtype: "f32" }))).requiresGrad();
  using optimizer = new Optimizer([["weight", weight]], uniform(adamw()));
  const number = (x: number) => from(Float32Array.of(x)).reshape([]);
  const objective: Objective = {
    count: (batch) => batch.rows,
    metrics: { "rewards/chosen": (batch) => batch.rows, kl: () => 4, never: () => 0 },
    run: (batch) => ({
      loss: weight.sum().add(number(3 * batch.rows)),
      sums: { kl: number(1), "rewards/chosen": number(10 * batch.rows), never: number(0) },
      finish: () => {},
    }),
  };
  const steps = [[{ ...BATCH, rows: 1 }, { ...BATCH, rows: 3 }]];
  for await (const { loss, metrics } of train({ steps, objective, optimizer, maxGradNorm: 0, learningRate: () => 0 })) {
    assert.equal(loss, 3); // 12 over 4 rows
    assert.deepEqual(metrics, { "rewards/chosen": 10, kl: 0.25 });
  }
});

Deno.test("train() asks for an asynchronous step once the one before it has updated the weights", async () => {
  using loop = begin();
  const seen: number[][] = [];
  async function* rollouts() {
    for (let step = 0; step < 3; step++) {
      await Promise.resolve();
      seen.push([...loop.values()]);
      yield [BATCH];
    }
  }
  assert.equal((await loop.run(0, undefined, { steps: rollouts() })).length, 3);
  assert.deepEqual(seen[0], [0, 0, 0, 0]);
  assert.notDeepEqual(seen[1], seen[0]);
  assert.notDeepEqual(seen[2], seen[1]);
});

Deno.test("two ranks share counts, totals and the decision to stop, and each computes its part of a step", async () => {
  const meeting = new Meeting(2);
  const losses = [1, 5]; // of a rank's batches, each counting 2
  const rank = async (index: number) => {
    using weight = parameter(keep(zeros([1], { dtype: "f32" }))).requiresGrad();
    using optimizer = new Optimizer([["weight", weight]], uniform(adamw()));
    const computed: number[] = [], done: Done[] = [];
    const objective: Objective = {
      count: (batch) => batch.learned,
      metrics: { seen: () => 1 },
      run: (batch) => {
        computed.push(batch.rows);
        const loss = weight.sum().add(from(Float32Array.of(losses[index])).reshape([]));
        return { loss, sums: { seen: loss.detach() }, finish: () => {} };
      },
    };
    const steps = Array.from({ length: 3 }, () => [1, 2, 3, 4].map((rows) => ({ ...BATCH, rows })));
    const giveUp = () => index === 1 && computed.length === 5; // rank 1 alone wants to stop, in the third step
    const ranks = meeting.rank(index);
    const options = { steps, objective, optimizer, maxGradNorm: 0, learningRate: () => 0, ranks, giveUp };
    for await (const one of train(options)) done.push(one);
    return { computed, done };
  };
  const [first, second] = await Promise.all([rank(0), rank(1)]);
  assert.deepEqual(first.computed, [1, 3, 1, 3, 1]);
  assert.deepEqual(second.computed, [2, 4, 2, 4, 2]);
  assert.equal(first.done.length, 2); // the third step was abandoned on both
  assert.deepEqual(first.done.map(({ loss, metrics }) => [loss, metrics.seen]), Array(2).fill([12 / 8, 12 / 4]));
  assert.deepEqual(first.done.map(({ tokens, learned, rows }) => [tokens, learned, rows]), Array(2).fill([12, 8, 10]));
  assert.deepEqual(second.done, first.done.map((one, i) => ({ ...one, gradNorm: second.done[i].gradNorm })));
});

/** Ranks in one process that wait for each other at every call. */
class Meeting {
  #waiting: { value: number[]; go: (sum: number[]) => void }[] = [];
  constructor(readonly size: number) {}

  #sum(value: readonly number[]): Promise<number[]> {
    return new Promise((go) => {
      this.#waiting.push({ value: [...value], go });
      if (this.#waiting.length < this.size) return;
      const all = this.#waiting.splice(0);
      const sum = all.reduce((total, one) => total.map((x, i) => x + one.value[i]), value.map(() => 0));
      all.forEach((one) => one.go(sum));
    });
  }

  rank(index: number): Ranks {
    return {
      ...{ rank: index, size: this.size },
      slice: (batches) => batches.filter((_, i) => i % this.size === index),
      sum: (numbers) => this.#sum(numbers),
      any: async (flag) => (await this.#sum([Number(flag)]))[0] > 0,
      total: async (t) => {
        const sum = await this.#sum([...t.toNumbers()]);
        scope(() => t.copy_(from(Float64Array.from(sum))));
      },
    };
  }
}
