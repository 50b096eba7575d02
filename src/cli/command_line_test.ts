import assert from "node:assert/strict";
import { join } from "node:path";
import { RecipeError } from "../errors.ts";
import { generationSettings } from "../generate/settings.ts";
import { modelSettings } from "../models/settings.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { type CommandLine, commandOf, readCommandLine } from "./command_line.ts";
import { TRAINING_SECTIONS } from "./train.ts";

const about = { summary: "Fine-tune", usage: "[FILE] [settings]" };
const SFT: CommandLine = { name: "sft", purpose: "train", sections: TRAINING_SECTIONS, stage: "sft", about };
const TRAIN: CommandLine = { ...SFT, name: "train", stage: undefined };
const CHAT: CommandLine = { name: "chat", purpose: "chat", sections: [generationSettings, modelSettings], about };

const GIVEN = ["--model", "m", "--dataset", "d"];
const read = async (args: string[], line = SFT): Promise<Recipe> => {
  const reading = await readCommandLine(args, line);
  assert.ok(reading);
  return reading.recipe;
};
const refused = (args: string[], line = SFT) =>
  readCommandLine(args, line).then(() => assert.fail("it was read"), (error) => {
    assert.ok(error instanceof RecipeError, String(error));
    return error.message.split("\n");
  });

async function withFile(text: string, use: (file: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  const file = join(folder, "a.yaml");
  await Deno.writeTextFile(file, text);
  await use(file).finally(() => Deno.remove(folder, { recursive: true }));
}

Deno.test("readCommandLine() reads flags in every spelling", async () => {
  const recipe = await read([
    ...["--model-name-or-path", "m", "--dataset=a,b", "--dataset", "c", "--lora-rank=4", "--learning_rate", "1e-4"],
    ...["--max-steps", "-1", "--bf16", "--packing", "true", "--no-plot-loss", "--compute-accuracy=false", "--lora"],
    ...["--evaluation_strategy", "no", "--torch-dtype", "float32"],
  ]);
  assert.equal(recipe.modelNameOrPath, "m");
  assert.deepEqual(recipe.dataset, ["a", "b", "c"]);
  assert.equal(recipe.loraRank, 4);
  assert.equal(recipe.learningRate, 1e-4);
  assert.equal(recipe.maxSteps, -1);
  assert.equal(recipe.bf16, true);
  assert.equal(recipe.packing, true);
  assert.equal(recipe.plotLoss, false);
  assert.equal(recipe.computeAccuracy, false);
  assert.equal(recipe.finetuningType, "lora");
  assert.equal(recipe.dtype, "fp32");
});

Deno.test("readCommandLine() knows the short forms", async () => {
  assert.equal((await read([...GIVEN, "--full"])).finetuningType, "full");
  assert.equal((await read([...GIVEN, "--freeze"])).finetuningType, "freeze");
  assert.equal((await read([...GIVEN, "--resume"])).resumeFromCheckpoint, true);
  assert.equal((await read([...GIVEN, "--resume", "runs/a/checkpoint-5"])).resumeFromCheckpoint, "runs/a/checkpoint-5");
  assert.deepEqual((await read([...GIVEN, "--adapter", "x"])).adapterNameOrPath, ["x"]);
  assert.deepEqual(await refused([...GIVEN, "--full", "--lora"]), ["Cannot use --full with --lora: choose one"]);
});

Deno.test("readCommandLine() lets flags and key=value override the file", async () => {
  await withFile("model: m\ndataset: d\nstage: pt\nlora_rank: 4\nseed: 1\ntemplate: qwen\n", async (file) => {
    const recipe = await read([file, "--lora-rank", "16", "seed=7", "template=null"], TRAIN);
    assert.deepEqual([recipe.stage, recipe.loraRank, recipe.seed, recipe.template], ["pt", 16, 7, undefined]);
    assert.equal((await read(["--plot-loss", file, "--resume"], TRAIN)).plotLoss, true);
    assert.equal((await read(["--resume", file], TRAIN)).resumeFromCheckpoint, true);
    assert.deepEqual(await refused([file]), ['Cannot use stage = "pt" (a.yaml:3) with ftx sft: use ftx train instead']);
  });
});

Deno.test("readCommandLine() tells all problems of flags and file at once", async () => {
  await withFile("model: m\ndataset: d\nlora_rnak: 3\n", async (file) => {
    const args = [file, "--lora-rank", "0", "--use-galore", "true", "--sed=3", "x", "--bf16", "--fp16", "lora_alpa=1"];
    assert.deepEqual(await refused(args, TRAIN), [
      'Cannot use "x": a settings file ends in .yaml, .yml or .json; several values are written a,b',
      'Cannot use lora_rnak (a.yaml:3): ftx has no such setting; did you mean "lora_rank"?',
      'Cannot use lora_alpa (command line): ftx has no such setting; did you mean "lora_alpha"?',
      "Cannot use use_galore = true (--use-galore): ftx knows GaLore but cannot do it yet",
      'Cannot use --sed: ftx has no such setting; did you mean "--seed"?',
      "Cannot use lora_rank = 0 (--lora-rank): it must be at least 1",
      "Cannot use bf16 = true (--bf16) with fp16 = true (--fp16): one number type computes; choose one",
    ]);
  });
});

Deno.test("readCommandLine() names a flag without its value", async () => {
  assert.deepEqual(await refused([...GIVEN, "--seed"]), ["Cannot use --seed: it needs a value"]);
  assert.deepEqual(await refused(["--dataset", "d", "--model", "--lora"]), [
    "Cannot use --model-name-or-path: it needs a value, and --lora is a flag",
    "Cannot train without model_name_or_path: set it in the file or with --model",
  ]);
});

Deno.test("readCommandLine() refuses flags that a command has no use for, and a second file", async () => {
  assert.deepEqual(await refused(["--model", "m", "--lora-rank", "8"], CHAT), [
    "Cannot use --lora-rank with ftx chat: this command has no use for it",
  ]);
  await withFile("model: m\ndataset: d\n", async (file) => {
    assert.deepEqual(await refused([file, "b.yaml"]), [
      `Cannot use "b.yaml": ${file} is the settings file already; give one`,
    ]);
  });
});

Deno.test("the help of a command lists every setting of its sections, by section", () => {
  const help = commandOf(SFT).helpInformation();
  for (const { title, shape } of TRAINING_SECTIONS) {
    assert.ok(help.includes(`\n${title}:\n`), title);
    for (const name of Object.keys(shape)) {
      const flag = "--" + name.replace(/[A-Z]/g, (letter) => "-" + letter.toLowerCase());
      assert.ok(help.includes(flag) || help.includes(flag.replace("--", "--[no-]")), flag);
    }
  }
  assert.match(help, /--cutoff-len <n> +Longest example; what is longer is shortened \(default 2048 tokens\)\n/);
  assert.match(help, /--\[no-\]plot-loss +Draw the loss as SVG and PNG \(default true\)\n/);
});
