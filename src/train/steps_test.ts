import assert from "node:assert/strict";
import { EncodedSet } from "../data/mod.ts";
import { epochAt, inSteps, planSteps, type StepSettings, stepsOf } from "./steps.ts";

/** Documents of 2, 3, … tokens. */
function setOf(rows: number): EncodedSet {
  const offsets = new Float64Array(rows + 1);
  for (let i = 0; i < rows; i++) offsets[i + 1] = offsets[i] + i + 2;
  const ids = new Int32Array(offsets[rows]).map((_, i) => i);
  const starts = Int32Array.from({ length: rows + 1 }, (_, i) => i);
  return new EncodedSet({ ids, labels: ids, offsets }, { members: starts.slice(0, rows), starts }, "");
}

const SETTINGS: StepSettings = {
  perDeviceTrainBatchSize: 2,
  gradientAccumulationSteps: 2,
  numTrainEpochs: 3,
  maxSteps: -1,
  seed: 1,
  disableShuffling: false,
  groupByLength: false,
};

Deno.test("planSteps() counts an epoch's short last step; max_steps overrides epochs; no data is no epoch", () => {
  assert.deepEqual(planSteps(setOf(9), SETTINGS), { stepsPerEpoch: 3, totalSteps: 9, epochs: 3 });
  assert.deepEqual(planSteps(setOf(9), { ...SETTINGS, numTrainEpochs: 0.5 }).totalSteps, 2);
  assert.deepEqual(planSteps(setOf(9), { ...SETTINGS, maxSteps: 4 }), {
    stepsPerEpoch: 3,
    totalSteps: 4,
    epochs: 4 / 3,
  });
  assert.equal(planSteps(setOf(0), SETTINGS).epochs, 0);
  assert.equal(epochAt(4, { stepsPerEpoch: 3 }), 4 / 3);
});

Deno.test("stepsOf() from any step on gives what it gives from the beginning", () => {
  const set = setOf(9);
  for (const settings of [SETTINGS, { ...SETTINGS, groupByLength: true }, { ...SETTINGS, disableShuffling: true }]) {
    const plan = planSteps(set, settings);
    const steps = (start: number) =>
      [...stepsOf(set, settings, plan, start)].map((step) => step.map(({ ids }) => [...ids]));
    const all = steps(0);
    assert.equal(all.length, 9);
    assert.deepEqual(all.slice(0, 3).flat(2).sort((a, b) => a - b), [...set.parts().documents.ids]);
    for (let start = 0; start <= 9; start++) assert.deepEqual(steps(start), all.slice(start));
  }
});

Deno.test("inSteps() rounds shares of a run's steps up, as transformers' TrainerState.compute_steps, and keeps numbers", () => {
  const every = { saveSteps: 0.25, evalSteps: 0.07, loggingSteps: 1 };
  assert.deepEqual(inSteps(every, 10), { saveSteps: 3, evalSteps: 1, loggingSteps: 1 });
  assert.equal(inSteps(every, 100).evalSteps, Math.ceil(100 * 0.07)); // 8, of 7.000000000000001, there too
  assert.deepEqual(inSteps({ saveSteps: 500, evalSteps: 5, loggingSteps: 0.1 }, 0), {
    saveSteps: 500,
    evalSteps: 5,
    loggingSteps: 1,
  });
});
