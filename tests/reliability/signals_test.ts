// Signals: a run that is asked to stop saves, says how to continue, and resumes exactly.

import assert from "node:assert/strict";
import { join } from "node:path";
import { assertSameRun, checkpointsOf, logOf, namesIn } from "./compare.ts";
import { EVALUATES, NANO, start, train, trained, workplace } from "./nano.ts";

const EXIT = { SIGINT: 130, SIGTERM: 143, SIGHUP: 143 } as const;
const STEPS = 300; // a few seconds: the run is still training, however late this process sends the signal
const SETTINGS = { loraDropout: 0.1, saveSteps: 1000, ...EVALUATES, evalSteps: 100, maxSteps: STEPS };

Deno.test("a run that gets SIGTERM, SIGINT or SIGHUP saves, exits with 143, 130 or 143, and resumes exactly", async () => {
  using place = workplace();
  const [whole, folder] = [join(place.path, "whole"), join(place.path, "stopped")];
  const undisturbed = trained(whole, SETTINGS);
  const stops: number[] = [];
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
    const running = start(folder, { ...SETTINGS, resume: true });
    await running.reached((stops.at(-1) ?? 0) + 3);
    running.kill(signal);
    const { code, err } = await running.ended;
    assert.equal(code, EXIT[signal], err);
    const step = checkpointsOf(folder).at(-1)!;
    assert(step > (stops.at(-1) ?? 0) && step < STEPS);
    assert(err.includes(`${signal}: finishing this step and saving`), err);
    assert(err.endsWith(`Stopped by ${signal} after step ${step}; continue with --resume\n`), err);
    assert(!namesIn(folder).includes("all_results.json"));
    stops.push(step);
  }
  await trained(folder, { ...SETTINGS, resume: true });
  await undisturbed;
  for (const step of stops) Deno.removeSync(`${folder}/checkpoint-${step}`, { recursive: true });
  assertSameRun(folder, whole);
});

Deno.test("SIGUSR1 saves once and training continues", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  const running = start(folder, { saveSteps: 1000, maxSteps: STEPS });
  await running.reached(3);
  running.kill("SIGUSR1");
  assert.equal((await running.ended).code, 0);
  const [asked, last, ...more] = checkpointsOf(folder);
  assert(asked >= 3 && asked < STEPS);
  assert.deepEqual([last, more], [STEPS, []]);
});

Deno.test("a signal before the first step ends the run at once, because nothing is lost", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  const running = start(folder, SETTINGS, {
    heard: (line) => line.startsWith("The first example") && running.kill("SIGTERM"),
  });
  const { code, out, err } = await running.ended;
  assert.equal(code, 143, err);
  assert(!out.includes("step 1/"), out);
  await trained(folder, SETTINGS); // the folder can be used again
});

// One step of 420 batches, seconds long.
const LONG_STEP = {
  ...SETTINGS,
  dataset: Array(10).fill(`${NANO}/train.jsonl`).join(","),
  perDeviceTrainBatchSize: 1,
  gradientAccumulationSteps: 420,
  maxSteps: 2,
};

Deno.test("a second SIGINT ends the run at once and saves nothing", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  const running = start(folder, LONG_STEP, {
    heard(line) {
      if (line.includes("examples, 420 a step")) setTimeout(() => running.kill("SIGINT"), 300);
      if (line.startsWith("SIGINT:")) setTimeout(() => running.kill("SIGINT"), 400); // sooner, it would count as the same Ctrl-C
    },
  });
  const { code, out } = await running.ended;
  assert.equal(code, 130);
  assert(!out.includes("step 1/"), out);
  assert.deepEqual(checkpointsOf(folder), []);
});

Deno.test("a run that is stopped without saving says so", async () => {
  using place = workplace();
  for (const settings of [{ saveStrategy: "no" }, { saveOnlyModel: true }]) {
    const folder = join(place.path, Object.keys(settings)[0]);
    const running = start(folder, { ...settings, saveSteps: 1000, maxSteps: STEPS });
    await running.reached(3);
    running.kill("SIGTERM");
    const { code, err } = await running.ended;
    assert.equal(code, 143);
    assert(!err.includes("--resume"), err);
    if (settings.saveOnlyModel) assert.deepEqual(checkpointsOf(folder).length, 1);
    else assert.match(err, /Stopped by SIGTERM after step \d+; nothing was saved, because save_strategy is no\n$/);
  }
});

Deno.test("SIGTERM during an evaluation does not wait for its end, and a resumed run evaluates again", async () => {
  using place = workplace();
  const evalDataset = Array(100).fill(`${NANO}/eval.jsonl`).join(",");
  const settings = {
    loraDropout: 0.1,
    ...EVALUATES,
    evalDataset,
    evalSteps: 12,
    perDeviceEvalBatchSize: 1,
    saveSteps: 24,
  };
  const [whole, folder] = [join(place.path, "whole"), join(place.path, "stopped")];
  const undisturbed = trained(whole, settings);
  const running = start(folder, settings);
  await running.reached(12);
  running.kill("SIGTERM");
  const { code, err } = await running.ended;
  assert.equal(code, 143);
  assert.deepEqual(checkpointsOf(folder), [12]);
  assert(err.endsWith("Stopped by SIGTERM after step 12; continue with --resume\n"), err);
  assert(!logOf(folder).some((line) => "eval_loss" in line));
  await trained(folder, { ...settings, resume: true });
  await undisturbed;
  Deno.removeSync(`${folder}/checkpoint-12`, { recursive: true });
  assertSameRun(folder, whole);
});

Deno.test("a signal during the last evaluation ends the run at once, and a resumed run does the rest", async () => {
  using place = workplace();
  const evalDataset = Array(100).fill(`${NANO}/eval.jsonl`).join(",");
  const settings = { evalDataset, doEval: true, perDeviceEvalBatchSize: 1, maxSteps: 6 };
  const [whole, folder] = [join(place.path, "whole"), join(place.path, "stopped")];
  const undisturbed = trained(whole, settings);
  const running = start(folder, settings);
  while (!namesIn(place.path).includes("stopped") || !checkpointsOf(folder).includes(6)) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  running.kill("SIGTERM");
  assert.equal((await running.ended).code, 143);
  assert(!namesIn(folder).includes("adapter_model.safetensors"));
  await trained(folder, settings);
  await undisturbed;
  assertSameRun(folder, whole);

  const only = { ...settings, doTrain: false, dataset: undefined, maxSteps: undefined };
  const evaluating = start(join(place.path, "only"), only, {
    heard: (line) => line.startsWith("Evaluating a model") && evaluating.kill("SIGTERM"),
  });
  assert.equal((await evaluating.ended).code, 143);
});

Deno.test("ten signals in a burst count as one", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  const running = start(folder, SETTINGS);
  await running.reached(3);
  for (let i = 0; i < 10; i++) running.kill("SIGTERM");
  assert.equal((await running.ended).code, 143);
  assert.equal(checkpointsOf(folder).length, 1);
  assert.equal((await train(folder, SETTINGS)).code, 0);
});
