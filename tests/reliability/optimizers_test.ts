// Every optimizer trains, and a run of it that is killed ends with the bytes of one that was not.

import assert from "node:assert/strict";
import { join } from "node:path";
import { OPTIMIZERS } from "../../src/optim/mod.ts";
import { assertSameRun, logOf } from "./compare.ts";
import { EVALUATES, killedAfter, type Settings, trained, workplace } from "./nano.ts";

const FULL: Settings = { finetuningType: "full" };

const RUNS: readonly { optim: keyof typeof OPTIMIZERS; what: string; settings: Settings }[] = [
  {
    optim: "adamw_torch",
    what: "with a rate that follows evaluations",
    settings: {
      ...{ ...FULL, ...EVALUATES, learningRate: 0.003, lrSchedulerType: "greedy" },
      lrSchedulerKwargs: '{"patience": 0, "factor": 0.8, "min_lr": 1e-4, "threshold": 0.6}',
    },
  },
  { optim: "sgd", what: "without state", settings: { ...FULL, learningRate: 0.5 } },
  {
    optim: "sgd",
    what: "with momentum and masters, accumulating",
    settings: {
      ...{ ...FULL, bf16: true, optimArgs: "momentum=0.9, nesterov=true", learningRate: 0.1, weightDecay: 0.01 },
      ...{ perDeviceTrainBatchSize: 2, gradientAccumulationSteps: 2 },
    },
  },
  { optim: "lion_32bit", what: "with dropout", settings: { loraDropout: 0.1, learningRate: 0.01, adamBeta2: 0.99 } },
];

for (const { optim, what, settings } of RUNS) {
  Deno.test(`${optim} ${what} trains, and resumes after a kill to the same bytes`, async () => {
    using place = workplace();
    const [whole, folder] = [join(place.path, "whole"), join(place.path, "killed")];
    await trained(whole, { optim, ...settings });
    await killedAfter(10, folder, { optim, ...settings });
    await trained(folder, { optim, ...settings, resume: true });
    assertSameRun(folder, whole);
    const losses = logOf(whole).flatMap(({ loss }) => typeof loss === "number" ? [loss] : []);
    assert.equal(losses.length, 24);
    const [first, last] = [losses.slice(0, 4), losses.slice(-4)].map((some) => some.reduce((a, b) => a + b) / 4);
    assert.ok(last < 0.9 * first, `the loss went from ${first} to ${last}`);
    if (settings.lrSchedulerType === "greedy") {
      const rates = logOf(whole).flatMap(({ lr }) => typeof lr === "number" ? [lr] : []);
      const changes = new Set(rates.slice(1).map((rate, i) => Math.sign(rate - rates[i])));
      assert.deepEqual([...changes].sort(), [-1, 0, 1], `${rates}`);
    }
  });
}

Deno.test("every optimizer is in a run above", () => {
  assert.deepEqual([...new Set(RUNS.map(({ optim }) => optim))].sort(), Object.keys(OPTIMIZERS).sort());
});
