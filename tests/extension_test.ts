// A stage, a task, an optimizer and a setting, each in one file of tests/extension, that the product does not know: they
// are planned, train, log, evaluate, and resume to the same bytes.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { forecast } from "../src/plan/mod.ts";
import { planRun } from "../src/plan/planning.ts";
import { readRecipe, SECTIONS } from "../src/recipe/mod.ts";
import { OPTIMIZERS } from "../src/optim/mod.ts";
import { finetune } from "../src/session/finetune.ts";
import { STAGES } from "../src/stages/mod.ts";
import { twice } from "./extension/optimizer.ts";
import { contrastSettings } from "./extension/setting.ts";
import { contrast } from "./extension/stage.ts";
import { historyOf, weightsOf } from "./reliability/compare.ts";
import { NANO } from "./reliability/nano.ts";
import "./support/tensors.ts";

Object.assign(STAGES, { contrast });
Object.assign(OPTIMIZERS, { twice });

/** The recipe of a run on twelve pairs. */
async function recipeOf(folder: string, name: string, settings: Record<string, unknown> = {}) {
  const data = `${folder}/pairs.jsonl`;
  const row = (i: number) => ({
    prompt: `is ${i} even?`,
    chosen: i % 2 ? "no" : "yes",
    rejected: i % 2 ? "yes" : "no",
  });
  await Deno.writeTextFile(data, Array.from({ length: 12 }, (_, i) => JSON.stringify(row(i))).join("\n"));
  const values = {
    ...{ model: NANO, dataset: [data], evalDataset: [data], template: "chatml", outputDir: `${folder}/${name}` },
    ...{ stage: "contrast", optim: "twice", contrastGap: 3, finetuningType: "lora", loraDropout: 0.1 },
    ...{ maxSteps: 40, saveSteps: 20, loggingSteps: 1, evalStrategy: "steps", evalSteps: 40, learningRate: 0.003 },
    lrSchedulerType: "constant",
    ...{ gradientAccumulationSteps: 2, perDeviceTrainBatchSize: 3, quiet: true, plotLoss: false, device: "cpu" },
    ...settings,
  };
  const flags = Object.entries(values).map(([name, value]) => ({ name, value, where: `--${name}` }));
  const { recipe } = await readRecipe({ flags, sections: [...SECTIONS, contrastSettings] });
  return recipe;
}

Deno.test("a stage, a task, an optimizer and a setting are a file each, and do all that a run does", async (t) => {
  const folder = await Deno.makeTempDir();
  Deno.env.set("FTX_CACHE", `${folder}/cache`);
  try {
    await t.step("no file has more than 60 lines", () => {
      for (const name of ["stage", "task", "optimizer", "setting"]) {
        const text = readFileSync(new URL(`extension/${name}.ts`, import.meta.url), "utf8");
        assert.ok(text.trimEnd().split("\n").length <= 60, name);
      }
    });
    await t.step("the run is planned, with both states of its optimizer", async () => {
      const { text, fits } = await planRun(await recipeOf(folder, "whole"));
      assert.ok(fits, text);
      const [ours, stateless] = await Promise.all(
        ["twice", "sgd"].map((optim) => recipeOf(folder, "whole", { optim })),
      );
      const { least, trainable } = await forecast(ours, { device: "cpu" });
      assert.equal(least - (await forecast(stateless, { device: "cpu" })).least, 2 * 4 * trainable);
    });
    await t.step("it trains, logs and evaluates under its metrics' names", async () => {
      await finetune(await recipeOf(folder, "whole"));
      const history = historyOf(`${folder}/whole`);
      const losses = history.flatMap(({ loss }) => typeof loss === "number" ? [loss] : []);
      assert.equal(losses.length, 40);
      const last = losses.slice(-5).reduce((a, b) => a + b) / 5;
      assert.ok(last < losses[0] / 2, `${losses}`);
      assert.ok(history.slice(0, 40).every((line) => "rewards/accuracies" in line && "rewards/margins" in line));
      const evaluation = history.find((line) => "eval_loss" in line)!;
      assert.equal(evaluation["eval_rewards/accuracies"], 1);
    });
    await t.step("another value of its setting trains other weights", async () => {
      await finetune(await recipeOf(folder, "other", { contrastGap: 1 }));
      assert.notDeepEqual(weightsOf(`${folder}/other`), weightsOf(`${folder}/whole`));
    });
    await t.step("stopped after step 20 and resumed, it ends with the same bytes", async () => {
      for (const name of ["checkpoint-20", "run.yaml", "trainer_log.jsonl"]) {
        await Deno.mkdir(`${folder}/again`, { recursive: true });
        const copied = await new Deno.Command("cp", { args: ["-r", `${folder}/whole/${name}`, `${folder}/again`] })
          .output();
        assert.ok(copied.success);
      }
      const tensors = readFileSync(`${folder}/again/checkpoint-20/optimizer.safetensors`, "latin1");
      assert.match(tensors.slice(0, 4096), /"sum\..*"momentum\.|"momentum\..*"sum\./);
      await finetune(await recipeOf(folder, "again", { resume: true }));
      assert.deepEqual(weightsOf(`${folder}/again`), weightsOf(`${folder}/whole`));
      assert.deepEqual(historyOf(`${folder}/again`), historyOf(`${folder}/whole`));
    });
  } finally {
    Deno.env.delete("FTX_CACHE");
    await Deno.remove(folder, { recursive: true });
  }
});
