import assert from "node:assert/strict";
import { readText } from "../settings/file.ts";
import { OTHERWISE, RENAMED } from "./other_names.ts";
import { settingNamed, SETTINGS } from "./recipe.ts";
import { settle } from "./settle.ts";

const BASE = "model: m\ndataset: d\n";
const read = (text: string) => settle(readText(text, "a.yaml"), "train");

Deno.test("a setting's other names are read, with a note", () => {
  const { recipe, notes } = read(
    `${BASE}new_special_tokens: <a>,<b>\nsft_packing: true\nnum_layer_trainable: 3\n` +
      "finetuning_type: freeze\ndev_ratio: 0.1\nmax_seq_length: 512\nneft_alpha: 5\ncache_path: c\n",
  );
  assert.deepEqual(recipe.addSpecialTokens, ["<a>", "<b>"]);
  assert.deepEqual([recipe.packing, recipe.freezeTrainableLayers, recipe.valSize], [true, 3, 0.1]);
  assert.deepEqual([recipe.cutoffLen, recipe.neftuneNoiseAlpha, recipe.tokenizedPath], [512, 5, "c"]);
  assert.deepEqual(notes, [
    "new_special_tokens: read as add_special_tokens",
    "sft_packing: read as packing",
    "num_layer_trainable: read as freeze_trainable_layers",
    "dev_ratio: read as val_size",
    "max_seq_length: read as cutoff_len",
    "neft_alpha: read as neftune_noise_alpha",
    "cache_path: read as tokenized_path",
  ]);
});

Deno.test("a setting under two names is refused, but a flag overrides a file", () => {
  assert.throws(() => read(`${BASE}sft_packing: true\npacking: false\n`), {
    message:
      "Cannot use packing = false (a.yaml:4) with sft_packing = true (a.yaml:3): both set packing; leave one out",
  });
  assert.throws(() => read(`${BASE}model_name_or_path: n\n`), {
    message: 'Cannot use model_name_or_path = "n" (a.yaml:3) with model = "m" (a.yaml:1): both set ' +
      "model_name_or_path; leave one out",
  });
  const flag = { name: "packing", value: "false", where: "--packing" };
  assert.equal(settle([...readText(`${BASE}sft_packing: true\n`, "a.yaml"), flag], "train").recipe.packing, false);
});

const refused = (text: string) => {
  try {
    read(text);
  } catch (error) {
    return (error as Error).message.split("\n").map((line) => line.replace(/^Cannot use /, ""));
  }
  return [];
};

Deno.test("a LLaMA-Factory v1 file is answered key by key, and nothing it lacks is named", () => {
  const v1 = "model: m\nmodel_class: llm\ntrain_dataset: data/v1.yaml\nmicro_batch_size: 2\ncutoff_len: 2048\n" +
    "peft_config: {name: lora, r: 16, lora_alpha: 32, target_modules: all}\n" +
    "dist_config: {name: fsdp2}\nbatching_strategy: padding_free\nkernel_config: null\ncp_size: 1\n";
  assert.deepEqual(refused(v1), [
    'train_dataset = "data/v1.yaml" (a.yaml:3): it is a setting of LLaMA-Factory\'s v1 files; use dataset, with names ' +
    "from dataset_info.json, files, or org/name",
    "micro_batch_size = 2 (a.yaml:4): it is a setting of LLaMA-Factory's v1 files; use per_device_train_batch_size = 2",
    'peft_config = {"name":"lora","r":16,"lora_alpha":32,"target_modules":"all"} (a.yaml:6): it is a setting of ' +
    "LLaMA-Factory's v1 files; use finetuning_type = lora, lora_rank = 16, lora_alpha = 32, lora_target = all",
    'dist_config = {"name":"fsdp2"} (a.yaml:7): it is a setting of LLaMA-Factory\'s v1 files; leave it out: ftx does not ' +
    "support several GPUs or machines yet",
    'batching_strategy = "padding_free" (a.yaml:8): it is a setting of LLaMA-Factory\'s v1 files; leave it out: nothing ' +
    "is padded; packing = true fills rows of cutoff_len",
  ]);
});

Deno.test("earlier names without a counterpart of the same meaning are answered with what to write", () => {
  assert.deepEqual(
    refused(
      `${BASE}max_source_length: 512\nmax_target_length: null\nresume_lora_training: false\nno_cuda: true\n` +
        "checkpoint_dir: old\nfinetuning_type: none\n",
    ),
    [
      "max_source_length = 512 (a.yaml:3): it is a setting of earlier LLaMA-Factory versions; use cutoff_len, the length " +
      "of prompt and answer together",
      "resume_lora_training = false (a.yaml:5): it is a setting of earlier LLaMA-Factory versions; use " +
      "create_new_adapter = true",
      "no_cuda = true (a.yaml:6): it is a setting of transformers; use device = cpu",
      'checkpoint_dir = "old" (a.yaml:7): it is a setting of earlier LLaMA-Factory versions; use adapter_name_or_path = ' +
      "old, or, for a model trained whole, model_name_or_path",
      'finetuning_type = "none" (a.yaml:8): nothing would be trained; use full to train every weight, or ftx chat to use ' +
      "the model as it is",
    ],
  );
  const asBefore = "resume_lora_training: true\nuse_cpu: false\ntrain_sampling_strategy: random\nlora_target: all\n";
  assert.deepEqual(read(BASE + asBefore).notes, []);
  const attention = (value: string) => read(`${BASE}flash_attn: ${value}`).recipe.flashAttn;
  assert.deepEqual(["true", "false", "off", "fa2"].map(attention), ["fa2", "disabled", "disabled", "fa2"]);
});

Deno.test("other names lead to settings that there are", () => {
  for (const [key, name] of Object.entries(RENAMED)) assert.ok(Object.hasOwn(SETTINGS, name), key);
  for (const [key, { use }] of Object.entries(OTHERWISE)) {
    for (const [name] of use("x").matchAll(/(?<!= )\b[a-z]+(_[a-z]+)+\b/g)) {
      assert.ok(settingNamed(name) !== undefined || name === "dataset_info", `${key}: ${name}`);
    }
  }
});
