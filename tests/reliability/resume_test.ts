// A run that is killed and resumed ends with the bytes of an undisturbed run.

import assert from "node:assert/strict";
import { join } from "node:path";
import { assertSameRun } from "./compare.ts";
import { CAMPAIGN, EVALUATES, killedAfter, OVERSHOOTS, type Settings, start, trained, workplace } from "./nano.ts";

const FULL: Settings = { finetuningType: "full" };
const DROPOUT: Settings = { loraDropout: 0.1 };
const ACCUMULATES: Settings = { perDeviceTrainBatchSize: 2, gradientAccumulationSteps: 4 };
const PACKS: Settings = { packing: true, cutoffLen: 64 };

/** Between them, they have every state that a run can have. */
const RUNS: Record<string, Settings> = {
  "full fp32": FULL,
  "full bf16 with masters, packed, accumulating": { ...FULL, ...PACKS, ...ACCUMULATES, bf16: true },
  "LoRA with dropout, accumulating": { ...DROPOUT, ...ACCUMULATES },
  "LoRA with dropout, packed, NEFTune": { ...DROPOUT, ...PACKS, neftuneNoiseAlpha: 5 },
  "LoRA with dropout, evaluating, best at the end, two checkpoints kept": {
    ...DROPOUT,
    ...OVERSHOOTS,
    loadBestModelAtEnd: true,
    saveTotalLimit: 2,
  },
  "full fp32, rate falling on plateaus, packed": {
    ...FULL,
    ...PACKS,
    ...EVALUATES,
    lrSchedulerType: "reduce_lr_on_plateau",
    lrSchedulerKwargs: '{"patience": 0, "threshold": 0.1}',
    loggingSteps: 4, // means over steps before and after a resume
  },
  "LoRA with dropout, recomputing blocks, added tokens": {
    ...DROPOUT,
    gradientCheckpointing: true,
    addTokens: "container",
    addSpecialTokens: "<a>,<b>",
  },
  "freeze in pure bf16, by epochs, added tokens": {
    addTokens: "container",
    finetuningType: "freeze",
    freezeTrainableLayers: 1,
    pureBf16: true,
    saveStrategy: "epoch",
    maxSteps: undefined,
    numTrainEpochs: 2.5,
  },
};
const NAMES = Object.keys(RUNS);

/** Points inside a save, a clean-up or the final writing, each with the number of the pass that is killed. */
const POINTS = [
  "piece:3",
  "after-folder",
  "before-manifest:2",
  "file-opened:9",
  "before-rename:3",
  "after-rename:2",
  "before-file-sync:20",
  "after-parent-sync:2",
];
const MORE_POINTS = [
  "before-folder",
  "after-folder:3",
  "file-opened:3",
  "file-opened:30",
  "piece:8",
  "piece:31",
  "after-file-sync:6",
  "before-manifest",
  "before-folder-sync:2",
  "before-rename",
  "after-rename",
  "after-parent-sync",
  "file-renamed",
  "file-renamed:2",
  "before-trash:5",
  "before-file-sync:25",
];

/** Ways of training that differ only in how they work, and give the same bits. */
const RECOMPUTES = "LoRA with dropout, recomputing blocks, added tokens";

/** Steps of a test that run side by side share nothing but the machine. */
const BESIDE = { sanitizeOps: false, sanitizeResources: false, sanitizeExit: false };

Deno.test("a run killed at a random moment and inside a save ends bit for bit as one that was not killed", async (t) => {
  using place = workplace();
  const one = async (i: number) => {
    const settings = RUNS[NAMES[i]],
      [whole, folder] = [join(place.path, `whole-${i}`), join(place.path, `killed-${i}`)];
    await trained(whole, settings);
    await killedAt(POINTS[i], folder, settings);
    await killedAfter(stepWithin(20), folder, settings);
    await trained(folder, { ...settings, resume: true });
    assertSameRun(folder, whole);
  };
  const kept = async () => {
    await trained(join(place.path, "kept"), { ...RUNS[RECOMPUTES], gradientCheckpointing: false });
    assertSameRun(join(place.path, `whole-${NAMES.indexOf(RECOMPUTES)}`), join(place.path, "kept"));
  };
  for (let i = 0; i < NAMES.length; i += 2) { // two at a time
    await Promise.all([i, i + 1].map((k) => t.step({ name: NAMES[k], fn: () => one(k), ...BESIDE })));
  }
  await t.step("recomputing blocks gives the bits of keeping them", kept);
});

Deno.test("a run in fp16 that is killed resumes with its loss scale, bit for bit", async () => {
  using place = workplace();
  const settings = { ...FULL, ...ACCUMULATES, fp16: true };
  const [whole, folder] = [join(place.path, "whole"), join(place.path, "killed")];
  await trained(whole, settings);
  await killedAfter(7, folder, settings);
  await trained(folder, { ...settings, resume: true });
  assertSameRun(folder, whole);
  const [mine, theirs] = [folder, whole].map((run) =>
    JSON.parse(Deno.readTextFileSync(`${run}/checkpoint-24/training_state.json`)).loss_scale
  );
  assert.deepEqual(mine, theirs);
  assert.equal(mine.good + mine.lowered, 24);
});

Deno.test({
  name: "campaign: 40 kills at random moments and 24 at named points, over all configurations",
  ignore: !CAMPAIGN,
  async fn(t) {
    using place = workplace();
    let random = 0, named = 0;
    const one = async (t: Deno.TestContext, i: number) => {
      const name = NAMES[i], settings = RUNS[name], whole = join(place.path, `whole-${i}`);
      await trained(whole, settings);
      for (const kills of [2, 3]) { // in a chain, before the run may end
        await t.step(`${name}, killed ${kills} times at random`, async () => {
          const folder = join(place.path, `random-${i}-${kills}`);
          for (let kill = 0; kill < kills; kill++, random++) await killedAfter(stepWithin(20), folder, settings);
          await trained(folder, { ...settings, resume: true });
          assertSameRun(folder, whole);
        });
      }
      for (let j = 0; j < 3; j++) {
        const point = [...POINTS, ...MORE_POINTS][(i + 8 * j) % 24];
        await t.step(`${name}, killed at ${point}`, async () => {
          const folder = join(place.path, `named-${i}-${j}`);
          await killedAt(point, folder, settings);
          named++;
          await trained(folder, { ...settings, resume: true });
          assertSameRun(folder, whole);
        });
      }
    };
    for (let i = 0; i < NAMES.length; i++) await one(t, i);
    console.log(
      `killed at ${random} random moments and ${named} named points; every run ended as its undisturbed twin`,
    );
  },
});

Deno.test({
  name: "campaign: a run killed after every single step ends bit for bit as one that was not killed",
  ignore: !CAMPAIGN,
  async fn() {
    using place = workplace();
    const settings = { ...RUNS[NAMES[2]], saveSteps: 1, maxSteps: 12 };
    const [whole, folder] = [join(place.path, "whole"), join(place.path, "killed")];
    await trained(whole, settings);
    for (let step = 1; step < 12; step++) await killedAfter(step, folder, settings);
    await trained(folder, { ...settings, resume: true });
    assertSameRun(folder, whole);
  },
});

/** Trains until the process kills itself at a named point. */
async function killedAt(point: string, folder: string, settings: Settings): Promise<void> {
  const { signal, err } = await start(folder, settings, { env: { FTX_CRASH_AT: point } }).ended;
  assert.equal(signal, "SIGKILL", err);
}

const stepWithin = (steps: number) => Math.floor(Math.random() * steps) + 1;
