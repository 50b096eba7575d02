// How runs end before their last step or after it: early stopping, best weights, kept checkpoints, folders in use.

import assert from "node:assert/strict";
import { join } from "node:path";
import { assertSameRun, checkpointsOf, hashOf, historyOf, logOf, namesIn, stateOf } from "./compare.ts";
import { EVALUATES, NANO, OVERSHOOTS, start, train, trained, workplace } from "./nano.ts";

const ADAPTER = "adapter_model.safetensors";

Deno.test("early stopping ends a run properly, even when it was killed before its last files", async () => {
  using place = workplace();
  const settings = { ...OVERSHOOTS, earlyStoppingSteps: 2, loadBestModelAtEnd: true };
  const [whole, folder] = [join(place.path, "whole"), join(place.path, "killed")];
  const { out } = await trained(whole, settings);
  const { best_global_step: best, global_step: last } = stateOf(whole);
  assert(last < 24 && last === best + 6, `best ${best}, last ${last}`);
  assert.match(out, new RegExp(`steps +${last} of 24 \\(2 evaluations without a new best\\)`));
  assert.equal(hashOf(`${whole}/${ADAPTER}`), hashOf(`${whole}/checkpoint-${best}/${ADAPTER}`));

  const { signal } = await train(folder, settings, { env: { FTX_CRASH_AT: "file-renamed" } });
  assert.equal(signal, "SIGKILL");
  await trained(folder, { ...settings, resume: true });
  assertSameRun(folder, whole);
});

Deno.test("load_best_model_at_end ends with the best weights, and save_total_limit keeps the best and the last", async () => {
  using place = workplace();
  const settings = { ...OVERSHOOTS, loadBestModelAtEnd: true, saveTotalLimit: 1 };
  const folder = join(place.path, "run");
  const running = start(folder, settings);
  await running.reached(22); // the best is long past: a resumed run must not remove it
  running.kill("SIGKILL");
  await running.ended;
  await trained(folder, { ...settings, resume: true });
  const { best_global_step: best, best_metric: value, log_history: history } = stateOf(folder);
  assert(best > 3 && best < 21, `best at ${best}`);
  assert.deepEqual(checkpointsOf(folder), [best, 24]);
  assert.equal(hashOf(`${folder}/${ADAPTER}`), hashOf(`${folder}/checkpoint-${best}/${ADAPTER}`));
  const losses = history.flatMap((entry: { eval_loss?: number }) => entry.eval_loss ?? []);
  assert.equal(Math.min(...losses), value);
  assert.equal(losses.at(-1), value); // the last evaluation is of the weights that are kept
});

Deno.test("load_best_model_at_end saves a best that no save_steps would have kept", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  await trained(folder, { ...OVERSHOOTS, loadBestModelAtEnd: true, saveSteps: 12, saveTotalLimit: 1 });
  const { best_global_step: best } = stateOf(folder);
  assert(best % 12 !== 0, `best at ${best}`);
  assert.equal(hashOf(`${folder}/${ADAPTER}`), hashOf(`${folder}/checkpoint-${best}/${ADAPTER}`));
});

Deno.test("a best checkpoint that is gone is a warning, and the last weights are kept", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  const settings = { ...OVERSHOOTS, loadBestModelAtEnd: true };
  await trained(folder, settings);
  const { best_global_step: best } = stateOf(folder);
  Deno.removeSync(`${folder}/checkpoint-${best}/${ADAPTER}`);
  const { err } = await trained(folder, { ...settings, resume: true });
  assert(err.includes(`warning: Cannot end with the best weights: the best evaluation was at step ${best}`), err);
  assert(err.includes(`"${ADAPTER}" is missing); the last ones are kept`), err);
  assert.equal(hashOf(`${folder}/${ADAPTER}`), hashOf(`${folder}/checkpoint-24/${ADAPTER}`));
});

Deno.test("save_total_limit keeps the newest; save_only_model keeps weights that a run refuses to resume from", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  await trained(folder, { saveTotalLimit: 2, saveOnlyModel: true });
  assert.deepEqual(checkpointsOf(folder), [21, 24]);
  const { code, err } = await train(folder, { resume: true, maxSteps: 30 });
  assert.equal(code, 2);
  assert(
    err.endsWith(
      `error: Cannot resume from "${folder}/checkpoint-24": it holds weights only (save_only_model); ` +
        "choose another output_dir, or set overwrite_output_dir to start over\n",
    ),
    err,
  );
  assert(!namesIn(`${folder}/checkpoint-24`).includes("optimizer.safetensors"));
});

Deno.test("evaluations and saves by epoch come at each epoch's end, and max_steps overrides epochs", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  const epochs = { evalStrategy: "epoch", saveStrategy: "epoch", loggingStrategy: "epoch" };
  await trained(folder, { ...EVALUATES, ...epochs, maxSteps: undefined, numTrainEpochs: 2 });
  const steps = historyOf(folder).flatMap((entry) => "eval_loss" in entry ? [entry.step] : []);
  assert.deepEqual(steps, [11, 22]); // 42 rows, 4 a step
  assert.deepEqual(checkpointsOf(folder), [11, 22]);
  assert.deepEqual(logOf(folder).map(({ current_steps }) => current_steps), [11, 11, 22, 22]);

  const other = join(place.path, "steps");
  await trained(other, { ...EVALUATES, ...epochs, maxSteps: 13, numTrainEpochs: 5 });
  assert.deepEqual(checkpointsOf(other), [11, 13]);
  assert.equal(stateOf(other).global_step, 13);
});

Deno.test("do_train = false only evaluates", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  const { evalDataset } = EVALUATES;
  await trained(folder, { doTrain: false, doEval: true, evalDataset, dataset: undefined, maxSteps: undefined });
  assert(!namesIn(folder).some((name) => /safetensors|train_results|checkpoint/.test(name)), `${namesIn(folder)}`);
  const results = JSON.parse(Deno.readTextFileSync(`${folder}/all_results.json`));
  assert.ok(Math.abs(results.eval_perplexity - Math.exp(results.eval_loss)) < 1e-9);
  assert(!("train_loss" in results), JSON.stringify(results));
});

Deno.test("a metric that no evaluation has is refused before training", async () => {
  using place = workplace();
  const { code, err } = await train(join(place.path, "run"), {
    ...EVALUATES,
    loadBestModelAtEnd: true,
    metricForBestModel: "bleu",
  });
  assert.equal(code, 2);
  assert(
    err.endsWith(
      'error: Cannot use metric_for_best_model = "bleu": no evaluation has it; choose one of loss, perplexity\n',
    ),
    err,
  );
});

Deno.test("two runs in one folder: the second is refused, the first is not disturbed", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  const first = start(folder, { maxSteps: 400 });
  await first.reached(1);
  const { code, err } = await train(folder);
  assert.equal(code, 2);
  assert.match(
    err,
    /error: Cannot train into ".*run": process \d+ is writing there; wait for it or choose another output_dir\n$/,
  );
  first.kill("SIGTERM");
  assert.equal((await first.ended).code, 143);
});

Deno.test("a resumed run says what has changed, and refuses what cannot work", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  await trained(folder, { maxSteps: 6 });
  const { err } = await trained(folder, {
    resume: true,
    maxSteps: 7,
    gradientAccumulationSteps: 2,
    dataset: `${NANO}/eval.jsonl`,
    ...{ learningRate: 0.002, lrSchedulerType: "constant", loraDropout: 0.5, saveSteps: 3 },
  });
  const told = [...err.matchAll(/not bit for bit: (\S+) was (\S+) and is now (\S+)/g)].map(([, ...facts]) =>
    facts.join(" ")
  );
  assert.deepEqual(told.filter((fact) => !fact.startsWith("the ")), [
    `dataset ${NANO}/train.jsonl ${NANO}/eval.jsonl`,
    "lora_dropout 0 0.5",
    "gradient_accumulation_steps 1 2",
    "learning_rate 0.01 0.002",
    "lr_scheduler_type linear constant",
  ]);
  assert(err.includes("but not bit for bit: gradient_accumulation_steps was 1 and is now 2\n"), err);
  assert.match(err, /but not bit for bit: the training data was [0-9a-f]{12} and is now [0-9a-f]{12}\n/);

  const rank = await train(folder, { resume: true, loraRank: 4 });
  assert.equal(rank.code, 2);
  assert.match(
    rank.err,
    /Cannot resume from ".*checkpoint-7": in its adapter_model.safetensors "base_model\S+lora_A.weight" is \[8,32\], but this run needs \[4,32\] \(lora_rank was 8 and is now 4, .*\); use the model and the method of its run, or set overwrite_output_dir to start over\n$/,
  );
  const full = await train(folder, { resume: true, finetuningType: "full" });
  assert.equal(full.code, 2);
  assert.match(
    full.err,
    /checkpoint-7": it has no model.safetensors, which this run needs \(finetuning_type was lora and is now full, /,
  );
});

Deno.test("a finished run is continued, started over or refused, as its checkpoints allow", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  await trained(folder, { saveStrategy: "no", maxSteps: 3 });
  const refused = await train(folder, { saveStrategy: "no", maxSteps: 3 });
  assert.equal(refused.code, 2);
  assert.match(refused.err, /Cannot train into ".*": it holds "adapter_model.safetensors" of an earlier run; choose/);
  await trained(folder, { overwriteOutputDir: true, maxSteps: 3 });
  const before = hashOf(`${folder}/${ADAPTER}`);
  const { err } = await trained(folder, { maxSteps: 3 }); // finished: nothing is left to do
  assert.match(err, /Resuming from ".*checkpoint-3"; set overwrite_output_dir to start over/);
  assert.equal(hashOf(`${folder}/${ADAPTER}`), before);
});
