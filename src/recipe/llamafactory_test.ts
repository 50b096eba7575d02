// Settings files as LLaMA-Factory's users write them, in our own words, are read unchanged.

import assert from "node:assert/strict";
import { readText } from "../settings/file.ts";
import { settle } from "./settle.ts";

const LORA_SFT = `
### model
model_name_or_path: meta-llama/Meta-Llama-3-8B-Instruct
trust_remote_code: true

### method
stage: sft
do_train: true
finetuning_type: lora
lora_rank: 8
lora_target: all

### dataset
dataset: identity,alpaca_en_demo
template: llama3
cutoff_len: 2048
max_samples: 1000
overwrite_cache: true
preprocessing_num_workers: 16
dataloader_num_workers: 4

### output
output_dir: saves/llama3-8b/lora/sft
logging_steps: 10
save_steps: 500
plot_loss: true
overwrite_output_dir: true
save_only_model: false
report_to: none  # choices: [none, wandb, tensorboard, swanlab, mlflow]

### train
per_device_train_batch_size: 1
gradient_accumulation_steps: 8
learning_rate: 1.0e-4
num_train_epochs: 3.0
lr_scheduler_type: cosine
warmup_ratio: 0.1
bf16: true
ddp_timeout: 180000000
resume_from_checkpoint: null

### eval
# eval_dataset: alpaca_en_demo
# val_size: 0.1
# per_device_eval_batch_size: 1
# eval_strategy: steps
# eval_steps: 500
`;

const FULL_SFT = LORA_SFT
  .replace("finetuning_type: lora\nlora_rank: 8\nlora_target: all", "finetuning_type: full\ndeepspeed: null")
  .replace("learning_rate: 1.0e-4", "learning_rate: 1.0e-5")
  .replaceAll(/^# (?=eval|per_device|val_size)/gm, "")
  .replace("eval_dataset: alpaca_en_demo\n", "");

const PRETRAIN = LORA_SFT
  .replace("stage: sft", "stage: pt")
  .replace("dataset: identity,alpaca_en_demo\ntemplate: llama3", "dataset: c4_demo");

const CHAT = `
model_name_or_path: meta-llama/Meta-Llama-3-8B-Instruct
adapter_name_or_path: saves/llama3-8b/lora/sft
template: llama3
infer_backend: huggingface  # choices: [huggingface, vllm, sglang, ktransformers]
trust_remote_code: true
`;

const MERGE = `
### Note: do not use a quantised model or quantization_bit when merging adapters
model_name_or_path: meta-llama/Meta-Llama-3-8B-Instruct
adapter_name_or_path: saves/llama3-8b/lora/sft
template: llama3
trust_remote_code: true

### export
export_dir: saves/llama3_sft_merged
export_size: 5
export_device: cpu  # choices: [cpu, auto]
export_legacy_format: false
`;

Deno.test("a LLaMA-Factory file for LoRA is read with the meaning its author saw", () => {
  const { recipe } = settle(readText(LORA_SFT, "llama3_lora_sft.yaml"), "train");
  assert.equal(recipe.finetuningType, "lora");
  assert.deepEqual(recipe.dataset, ["identity", "alpaca_en_demo"]);
  assert.deepEqual(recipe.loraTarget, ["all"]);
  assert.equal(recipe.loraAlpha, 16);
  assert.equal(recipe.learningRate, 1e-4);
  assert.equal(recipe.warmupRatio, 0.1);
  assert.equal(recipe.bf16, true);
  assert.equal(recipe.resumeFromCheckpoint, null);
  assert.deepEqual(recipe.reportTo, ["none"]);
});

Deno.test("a LLaMA-Factory file for full fine-tuning with evaluation is read", () => {
  const { recipe } = settle(readText(FULL_SFT, "llama3_full_sft.yaml"), "train");
  assert.equal(recipe.finetuningType, "full");
  assert.equal(recipe.learningRate, 1e-5);
  assert.equal(recipe.valSize, 0.1);
  assert.equal(recipe.evalStrategy, "steps");
  assert.equal(recipe.evalSteps, 500);
  assert.equal(recipe.doEval, true);
});

Deno.test("a LLaMA-Factory file for pre-training is read, and leaves packing to the stage", () => {
  const { recipe } = settle(readText(PRETRAIN, "llama3_lora_pretrain.yaml"), "train");
  assert.equal(recipe.stage, "pt");
  assert.equal(recipe.packing, undefined);
});

Deno.test("LLaMA-Factory files for chat and for merging are read", () => {
  const { recipe } = settle(readText(CHAT, "llama3_lora_sft.yaml"), "chat");
  assert.deepEqual(recipe.adapterNameOrPath, ["saves/llama3-8b/lora/sft"]);
  assert.equal(settle(readText(MERGE, "merge.yaml"), "export").recipe.exportDir, "saves/llama3_sft_merged");
});

Deno.test("a file of LLaMA-Factory that asks for DPO is refused with what ftx cannot do yet", () => {
  const text = LORA_SFT.replace("stage: sft", "stage: dpo\npref_beta: 0.1\npref_loss: orpo");
  assert.throws(() => settle(readText(text, "dpo.yaml"), "train"), {
    message: 'Cannot use pref_loss = "orpo" (dpo.yaml:9): ftx does not support preference training yet\n' +
      'Cannot use stage = "dpo" (dpo.yaml:7): ftx does not support preference training yet',
  });
});
