// Steps whose loss or gradient is not finite leave the weights alone, are counted, and in the end stop the run.

import assert from "node:assert/strict";
import { join } from "node:path";
import { assertSameRun, checkpointsOf, historyOf, logOf, stateOf, weightsOf } from "./compare.ts";
import { EVALUATES, NANO, start, train, trained, workplace } from "./nano.ts";
import { poisonAll, poisonOneToken } from "./poison.ts";

const isText = (value: unknown) => typeof value === "string";
const skippedOf = (folder: string): number => stateOf(folder).stateful_callbacks.ftx.attributes.skipped;

for (const method of ["lora", "full"]) {
  Deno.test(`${method}: a learning rate of 1e30 ends with exit code 4, and the weights stay those of the last finite step`, async () => {
    using place = workplace();
    const folder = join(place.path, "run");
    const settings = { finetuningType: method, learningRate: 1e30, saveSteps: 1, maxSkippedSteps: 3, bf16: true };
    const { code, err } = await train(folder, settings);
    assert.equal(code, 4);
    const last = checkpointsOf(folder).at(-1)!;
    assert(
      err.endsWith(
        `error: Cannot continue training at step ${last}: loss or gradient was not finite 3 steps in a row; ` +
          `the weights are those of the last finite step (checkpoint-${last}); lower learning_rate or check the data\n`,
      ),
      err,
    );
    const [finite, ...skipped] = [last - 3, last - 2, last - 1, last].map((step) => {
      const { "random.safetensors": _, ...weights } = weightsOf(`${folder}/checkpoint-${step}`);
      return weights;
    });
    for (const weights of skipped) assert.deepEqual(weights, finite); // the moments too
    assert.equal(skippedOf(`${folder}/checkpoint-${last}`), 3);
    assert.equal(skippedOf(folder), 3);
    for (const { loss, grad_norm } of historyOf(folder).slice(-3)) assert(isText(loss) || isText(grad_norm)); // "NaN"
    assert(!("adapter_model.safetensors" in weightsOf(folder)), "no final weights");

    const again = await train(folder, settings); // counting continues where it was
    assert.equal(again.code, 4);
    assert.match(again.err, new RegExp(`at step ${last + 1}: loss or gradient was not finite 4 steps in a row`));
    const fixed = await train(folder, { ...settings, learningRate: 1e-3, overwriteOutputDir: true });
    assert.equal(fixed.code, 0, fixed.err);
    assert.equal(skippedOf(folder), 0);
  });
}

Deno.test("a model with a NaN in its weights stops after max_skipped_steps with the adapter as it was at the start", async () => {
  using place = workplace();
  const [model, folder] = [join(place.path, "model"), join(place.path, "run")];
  await poisonAll(model);
  const { code, err } = await train(folder, { model, saveStrategy: "no" });
  assert.equal(code, 4);
  assert.match(
    err,
    /at step 5: loss or gradient was not finite 5 steps in a row; the weights are those of the last finite step; lower/,
  );
  assert.deepEqual(checkpointsOf(folder), []);
});

Deno.test("single steps that are not finite are skipped and counted, and a resumed run counts on", async () => {
  using place = workplace();
  const [model, dataset] = [join(place.path, "model"), join(place.path, "train.jsonl")];
  await poisonOneToken(model);
  const rows = Deno.readTextFileSync(`${NANO}/train.jsonl`).trim().split("\n");
  const poison = (row: string) => row.replace("How do I", "How <|user|> do I");
  Deno.writeTextFileSync(dataset, rows.map((row, i) => (i % 14 === 3 ? poison(row) : row) + "\n").join(""));
  const settings = { model, dataset, loraDropout: 0.1 };
  const [whole, folder] = [join(place.path, "whole"), join(place.path, "killed")];
  await trained(whole, settings);
  const skipped = logOf(whole).filter(({ loss }) => loss === "NaN").length;
  assert(skipped >= 3 && skipped <= 7, `${skipped} of 24 steps`);
  assert.equal(skippedOf(whole), skipped);
  assert(Number.isFinite(historyOf(whole).at(-1)!.train_loss));

  const running = start(folder, settings);
  await running.reached(12);
  running.kill("SIGKILL");
  await running.ended;
  await trained(folder, { ...settings, resume: true });
  assertSameRun(folder, whole);
});

Deno.test("an evaluation that is NaN is never the best, and the run says that it has none", async () => {
  using place = workplace();
  const [model, evalDataset, folder] = ["model", "eval.jsonl", "run"].map((name) => join(place.path, name));
  await poisonOneToken(model);
  Deno.writeTextFileSync(evalDataset, '{"instruction": "<|user|>", "output": "sea"}\n');
  const settings = { model, ...EVALUATES, evalDataset, loadBestModelAtEnd: true, maxSteps: 6 };
  const { err } = await trained(folder, settings);
  assert(
    err.includes("warning: Cannot end with the best weights: no evaluation gave a number; the last ones are kept"),
  );
  assert.equal(stateOf(folder).best_metric, null);
  assert.deepEqual(logOf(folder).flatMap((line) => line.eval_loss ?? []), ["NaN", "NaN", "NaN"]);
});
