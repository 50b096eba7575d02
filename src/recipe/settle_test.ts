import assert from "node:assert/strict";
import { RecipeError } from "../errors.ts";
import { readText } from "../settings/file.ts";
import { makeRecipe } from "./read.ts";
import { type Reading, settle } from "./settle.ts";

const BASE = "model: llama\ndataset: alpaca\n";
const read = (text: string): Reading => settle(readText(BASE + text, "a.yaml"), "train");
const problems = (text: string): string[] => {
  try {
    read(text);
  } catch (error) {
    assert.ok(error instanceof RecipeError && error.exitCode === 2);
    return error.message.split("\n");
  }
  return [];
};

Deno.test("settle() fills in defaults and what follows from other settings", () => {
  const { recipe, notes } = read("");
  assert.equal(recipe.loraRank, 8);
  assert.equal(recipe.loraAlpha, 16);
  assert.equal(recipe.outputDir, "runs/llama-sft-lora");
  assert.equal(recipe.packing, undefined); // the task of the stage decides
  assert.equal(recipe.evalSteps, recipe.loggingSteps);
  assert.deepEqual(notes, []);
  assert.equal(read("neat_packing: true").recipe.packing, true);
  assert.equal(read("add_tokens: <x>").recipe.resizeVocab, true);
  assert.equal(read("lora_rank: 4").recipe.loraAlpha, 8);
});

Deno.test("settle() tells all problems at once, each with its line", () => {
  const text = "lora_rnak: 8\nfinetuning_type: rola\nlora_dropout: 1\ncutoff_len: many\nuse_galore: true\n";
  assert.deepEqual(problems(text), [
    'Cannot use lora_rnak (a.yaml:3): ftx has no such setting; did you mean "lora_rank"?',
    "Cannot use use_galore = true (a.yaml:7): ftx does not support GaLore yet",
    'Cannot use cutoff_len = "many" (a.yaml:6): it must be a whole number',
    'Cannot use finetuning_type = "rola" (a.yaml:4): choose one of lora, freeze, full; did you mean "lora"?',
    "Cannot use lora_dropout = 1 (a.yaml:5): it must be less than 1",
  ]);
});

Deno.test("settle() names what is missing", () => {
  assert.throws(() => settle([], "export"), {
    message: "Cannot export without model_name_or_path: set it in the file or with --model\n" +
      "Cannot export without export_dir: set it in the file or with --export-dir",
  });
  assert.throws(() => settle([], "train"), {
    message: "Cannot train without model_name_or_path: set it in the file or with --model\n" +
      "Cannot train without dataset: set it in the file or with --dataset",
  });
});

Deno.test("settle() knows flags from file keys", () => {
  const flags = [
    { name: "lora-rnak", value: "8", where: "--lora-rnak" },
    { name: "seed", value: "-1", where: "--seed" },
  ];
  assert.throws(() => settle([...readText(BASE, "a.yaml"), ...flags], "train"), {
    message: 'Cannot use --lora-rnak: ftx has no such setting; did you mean "--lora-rank"?\n' +
      "Cannot use seed = -1 (--seed): it must be at least 0",
  });
});

Deno.test("settle() accepts keys it cannot act on when they ask for nothing", () => {
  const off = "quantization_bit: null\nuse_galore: false\ndeepspeed: null\nreport_to: none\nstreaming: false\n" +
    "push_to_hub: false\nflash_attn: auto\ngalore_rank: 16\nexport_legacy_format: false\ninfer_backend: huggingface\n" +
    "fsdp: ''\nmodule_dropout: 0.0\nvideo_fps: 2.0\n";
  assert.deepEqual(problems(off), []);
  assert.deepEqual(read(off).notes, []);
});

Deno.test("settle() refuses keys and values it knows but cannot act on yet", () => {
  const on = "quantization_bit: 4\nstage: dpo\noptim: paged_adamw_8bit\nreport_to: wandb\nuse_kv_cache: false\n" +
    "deepspeed: ds_z3.json\n";
  assert.deepEqual(problems(on), [
    "Cannot use quantization_bit = 4 (a.yaml:3): ftx does not support quantised training yet",
    "Cannot use use_kv_cache = false (a.yaml:7): ftx does not support generation without a key/value cache yet",
    'Cannot use deepspeed = "ds_z3.json" (a.yaml:8): ftx does not support several GPUs or machines yet',
    'Cannot use stage = "dpo" (a.yaml:4): ftx does not support preference training yet',
    'Cannot use optim = "paged_adamw_8bit" (a.yaml:5): ftx does not support paged 8-bit AdamW yet',
    'Cannot use report_to = "wandb" (a.yaml:6): ftx does not support Weights & Biases yet',
  ]);
});

Deno.test("settle() says of accepted settings why nothing is to be done, or why they do nothing", () => {
  assert.deepEqual(read("ddp_timeout: 180000000\ntrust_remote_code: true\nflash_attn: fa2").notes, [
    "ddp_timeout: one process trains, so there is nothing to wait for",
    "trust_remote_code: ftx never runs code from a model folder",
    "flash_attn: libtorch already picks the fastest attention kernel for the device",
  ]);
  assert.deepEqual(read("enable_liger_kernel: true").notes, [
    "enable_liger_kernel: ftx uses fused kernels wherever they give the same numbers",
  ]);
  assert.deepEqual(read("eval_steps: 50").notes, ["eval_steps: acts only with eval_strategy = steps"]);
  assert.deepEqual(read("adapter: x\nlora_rank: 4").notes, [
    "lora_rank: training continues with the given adapter, which has its own; set create_new_adapter = true for a new one",
  ]);
});

Deno.test("settle() warns of spellings that other YAML readers take differently", () => {
  assert.deepEqual(read("seed: 017\nrun_name: 12:30:00\ndefault_system: no").notes, [
    "seed = 017 (a.yaml:3) means 17 here but 15 to YAML 1.1 readers; write it unambiguously",
    "run_name = 12:30:00 (a.yaml:4) means text here but 45000 to YAML 1.1 readers; write it unambiguously",
    'default_system = no (a.yaml:5) means the word "no" here but false to YAML 1.1 readers; write it unambiguously',
  ]);
  const { recipe, notes } = read(
    'learning_rate: 1e-4\neval_strategy: no\nplot_loss: no\nmax_samples: 1_000\nrun_name: "no"',
  );
  assert.deepEqual(notes, []);
  assert.deepEqual(
    [recipe.learningRate, recipe.evalStrategy, recipe.plotLoss, recipe.maxSamples],
    [1e-4, "no", false, 1000],
  );
});

Deno.test("makeRecipe() checks values of a program", () => {
  assert.equal(makeRecipe({ modelNameOrPath: "x", topP: 0.5 }).topP, 0.5);
  assert.throws(() => makeRecipe({ modelNameOrPath: "x", topP: 2 }), {
    message: "Cannot use top_p = 2: it must be at most 1",
  });
});
