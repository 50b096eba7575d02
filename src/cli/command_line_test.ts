import assert from "node:assert/strict";
import { join } from "node:path";
import type { z } from "zod";
import { RecipeError } from "../errors.ts";
import { PURPOSES } from "../recipe/purposes.ts";
import type { Recipe } from "../recipe/recipe.ts";
import { allows } from "../settings/only.ts";
import { factsOf, type Section } from "../settings/setting.ts";
import { kebabCase } from "../settings/spelling.ts";
import { STAGE_NAMES } from "../train/stage_names.ts";
import { type CommandLine, commandOf, readCommandLine } from "./command_line.ts";

const SHORT_FORMS = ["lora", "freeze", "full"];
const about = { summary: "Fine-tune", usage: "[FILE] [settings]" };
const SFT: CommandLine = { name: "sft", purpose: "train", stage: "sft", about };
const TRAIN: CommandLine = { ...SFT, name: "train", stage: undefined };
const CHAT: CommandLine = { name: "chat", purpose: "chat", about };

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
      'Cannot use "x": a settings file ends in .yaml, .yml or .json, and several values are written a,b',
      'Cannot use lora_rnak (a.yaml:3): ftx has no such setting; did you mean "lora_rank"?',
      'Cannot use lora_alpa (command line): ftx has no such setting; did you mean "lora_alpha"?',
      "Cannot use use_galore = true (--use-galore): ftx does not support GaLore yet",
      'Cannot use --sed: ftx has no such setting; did you mean "--seed"?',
      "Cannot use lora_rank = 0 (--lora-rank): it must be at least 1",
      "Cannot use bf16 = true (--bf16) with fp16 = true (--fp16): a model computes in one number type; choose one",
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
    "Cannot use --lora-rank with ftx chat: this command does not use it",
  ]);
  await withFile("model: m\ndataset: d\n", async (file) => {
    assert.deepEqual(await refused([file, "b.yaml"]), [
      `Cannot use "b.yaml": ${file} is already the settings file; give one file`,
    ]);
  });
});

const listed = (line: CommandLine) =>
  [...commandOf(line).helpInformation().matchAll(/^ {2}(?:--\S+, )?--(\S+)/gm)].map(([, flag]) =>
    flag.replace("[no-]", "")
  );
const acts = (shape: Section["shape"], stage: string) =>
  Object.keys(shape).filter((name) => allows(factsOf(shape[name] as z.ZodType).only ?? {}, "stage", stage));

Deno.test("the help of a command lists every setting that acts with its stage, and no other", () => {
  for (const stage of STAGE_NAMES) {
    const settings = PURPOSES.train.sections.flatMap(({ shape }) => acts(shape, stage)).map(kebabCase);
    const flags = listed({ ...SFT, name: stage, stage });
    assert.deepEqual(flags.toSorted(), [...settings.filter((name) => name !== "stage"), ...SHORT_FORMS].toSorted());
  }
  const all = PURPOSES.train.sections.flatMap(({ shape }) => Object.keys(shape)).map(kebabCase);
  assert.deepEqual(listed(TRAIN).toSorted(), [...all, ...SHORT_FORMS].toSorted());
});

Deno.test("the help of a command groups settings by section and by what they act with", () => {
  const help = commandOf(SFT).helpInformation();
  for (const { title } of PURPOSES.train.sections) assert.ok(help.includes(`\n${title}:\n`), title);
  assert.match(
    help,
    /\nMethod, only with finetuning_type = lora:\n {2}--lora-rank <n> +Rank of the LoRA matrices A and B/,
  );
  assert.match(
    commandOf(TRAIN).helpInformation(),
    /\nData, only with stage other than pt:\n {2}--neat-packing +Same as packing/,
  );
  assert.match(
    help,
    /--cutoff-len <n> +Maximum length of an example; longer ones are shortened \(default 2048\n? +tokens\)\n/,
  );
  assert.match(help, /--\[no-\]plot-loss +Plot the loss as SVG and PNG \(default true\)\n/);
  assert.match(help, /--save-steps <x> [^-]+only\s+with\s+save_strategy = steps\)/);
  assert.match(help, /\nAccepted, but without effect:\n {2}--flash-attn <name> +libtorch already picks/);
});

Deno.test("the help of chat says nothing about what only training can choose", () => {
  const help = commandOf(CHAT).helpInformation();
  assert.match(help, /\nTemplate:\n {2}--template [^:]+--default-system <text> +System prompt/);
  assert.doesNotMatch(help, /mask_history = |stage other/);
  assert.match(help, /--top-k <n> [^-]+only with do_sample = true\)/);
});
