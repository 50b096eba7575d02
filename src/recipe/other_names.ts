import type { SettingName } from "./recipe.ts";

/**
 * Names that a setting has, or once had, in LLaMA-Factory, transformers and TRL, with exactly the same meaning. They are
 * read, with a note.
 */
export const RENAMED: Readonly<Record<string, SettingName>> = {
  // LLaMA-Factory's earlier names
  new_special_tokens: "addSpecialTokens",
  sft_packing: "packing",
  cache_path: "tokenizedPath",
  num_layer_trainable: "freezeTrainableLayers",
  name_module_trainable: "freezeTrainableModules",
  neft_alpha: "neftuneNoiseAlpha",
  noisy_embedding_alpha: "neftuneNoiseAlpha",
  dev_ratio: "valSize",
  prompt_template: "template",
  system_prompt: "defaultSystem",
  hf_auth_token: "hfHubToken",
  // transformers'
  per_gpu_train_batch_size: "perDeviceTrainBatchSize",
  per_gpu_eval_batch_size: "perDeviceEvalBatchSize",
  attn_implementation: "flashAttn",
  // TRL's
  dataset_name: "dataset",
  max_seq_length: "cutoffLen",
  lora_r: "loraRank",
  lora_target_modules: "loraTarget",
  lora_modules_to_save: "additionalTarget",
  dataset_num_proc: "preprocessingNumWorkers",
};

/** A key that ftx says otherwise. */
export interface Otherwise {
  /** Whose it is: "LLaMA-Factory's earlier name". */
  readonly is: string;
  /** What to write in its place: `per_device_train_batch_size = 4`. */
  readonly use: (value: any) => string;
  /** The settings that its place would be taken by; they are not said to be missing. */
  readonly gives?: readonly SettingName[];
  /** The value that asks for nothing; null always does. */
  readonly off?: unknown;
}

const is = {
  old: "a setting of earlier LLaMA-Factory versions",
  v1: "a setting of LLaMA-Factory's v1 files",
  hf: "a setting of transformers",
  trl: "a setting of TRL",
};

const as = (name: string) => (value: unknown) => `use ${name} = ${shown(value)}`;
const text = (words: string) => () => words;

/** Keys of LLaMA-Factory, transformers and TRL that have no single counterpart of the same meaning. They are refused. */
export const OTHERWISE: Readonly<Record<string, Otherwise>> = {
  max_source_length: { is: is.old, use: text("use cutoff_len, the length of prompt and answer together") },
  max_target_length: { is: is.old, use: text("use cutoff_len, the length of prompt and answer together") },
  max_length: {
    is: "LLaMA-Factory's length of a generated text and TRL's of an example",
    use: text("use max_new_tokens for the one, cutoff_len for the other"),
  },
  checkpoint_dir: {
    is: is.old,
    use: (folder) => `use adapter_name_or_path = ${shown(folder)}, or, for a model trained whole, model_name_or_path`,
  },
  resume_lora_training: { is: is.old, use: text("use create_new_adapter = true"), off: true },
  lora_bf16_mode: { is: is.old, use: text("use pure_bf16 = true"), off: false },
  layernorm_dtype: { is: is.old, use: text("use upcast_layernorm = true for norms in fp32"), off: "auto" },
  source_prefix: { is: is.old, use: text("use default_system, or write the prefix into the data"), off: "" },
  split: { is: is.old, use: text("name the split of each data set in dataset_info.json"), off: "train" },
  batch_size: { is: "LLaMA-Factory's for benchmarks", use: as("per_device_train_batch_size") },
  // Version 1
  train_dataset: {
    is: is.v1,
    use: text("use dataset, with names from dataset_info.json, files, or org/name"),
    gives: ["dataset"],
  },
  micro_batch_size: { is: is.v1, use: as("per_device_train_batch_size") },
  global_batch_size: {
    is: is.v1,
    use: text("use per_device_train_batch_size × gradient_accumulation_steps, whose product it is"),
  },
  peft_config: { is: is.v1, use: (config) => `use ${methodOf(config)}` },
  kernel_config: { is: is.v1, use: text("leave it out: ftx uses fused kernels wherever they give the same numbers") },
  quant_config: { is: is.v1, use: text("leave it out: ftx does not support quantised training yet") },
  dist_config: { is: is.v1, use: text("leave it out: ftx does not support several GPUs or machines yet") },
  init_config: { is: is.v1, use: text("leave it out: weights are always read straight into place") },
  optim_config: { is: is.v1, use: (config) => `use optim = ${shown(config?.name ?? "adamw_torch")}` },
  lr_scheduler_config: { is: is.v1, use: (config) => `use lr_scheduler_type = ${shown(config?.name ?? "linear")}` },
  model_class: { is: is.v1, use: text("leave it out: config.json says what the model is"), off: "llm" },
  batching_strategy: {
    is: is.v1,
    use: text("leave it out: nothing is padded; packing = true fills rows of cutoff_len"),
    off: "normal",
  },
  batching_workers: { is: is.v1, use: text("leave it out: data is encoded before training, with every core") },
  cp_mode: { is: is.v1, use: text("leave it out: ftx does not support several GPUs or machines yet") },
  cp_size: { is: is.v1, use: text("leave it out: ftx does not support several GPUs or machines yet"), off: 1 },
  enable_activation_checkpointing: { is: is.v1, use: as("gradient_checkpointing") },
  sample_backend: { is: is.v1, use: text("leave it out: ftx generates by itself"), off: "hf" },
  // transformers
  use_cpu: { is: is.hf, use: text("use device = cpu"), off: false },
  no_cuda: { is: is.hf, use: text("use device = cpu"), off: false },
  train_sampling_strategy: {
    is: is.hf,
    use: (value) => `use ${value === "sequential" ? "disable_shuffling" : "group_by_length"} = true`,
    off: "random",
  },
  use_auth_token: { is: is.hf, use: text("use hf_hub_token, or the variable HF_TOKEN") },
  // TRL
  use_peft: { is: is.trl, use: text("use finetuning_type = lora"), off: false },
  completion_only_loss: { is: is.trl, use: text("use train_on_prompt = true to learn the prompt too"), off: true },
  assistant_only_loss: { is: is.trl, use: text("leave it out: only answers are learned"), off: false },
  dataset_text_field: { is: is.trl, use: text("name the column in dataset_info.json"), off: "text" },
  dataset_config: { is: is.trl, use: text("name the subset in dataset_info.json") },
  dataset_train_split: { is: is.trl, use: text("name the split in dataset_info.json"), off: "train" },
  dataset_test_split: { is: is.trl, use: text("name the split in dataset_info.json, as an eval_dataset"), off: "test" },
  eos_token: { is: is.trl, use: text("use template, which knows the token that ends an answer") },
};

/** Values of ftx's settings that others know and that ftx says otherwise. */
export const OTHER_VALUES: Readonly<Record<string, Record<string, string>>> = {
  finetuning_type: {
    none: "nothing would be trained; use full to train every weight, or ftx chat to use the model as it is",
    qlora: "it stands for lora with a quantised model, which ftx does not support yet; use lora",
    p_tuning: "LLaMA-Factory gave it up; use lora",
  },
};

/** `peft_config` of a v1 file, in ftx's settings. */
function methodOf(config: any): string {
  if (config?.name === "freeze") {
    return `finetuning_type = freeze, with freeze_trainable_layers and freeze_trainable_modules`;
  }
  const given = [["r", "lora_rank"], ["lora_alpha", "lora_alpha"], ["lora_dropout", "lora_dropout"], [
    "target_modules",
    "lora_target",
  ]]
    .filter(([key]) => config?.[key] !== undefined)
    .map(([key, name]) => `${name} = ${shown(config[key])}`);
  return ["finetuning_type = lora", ...given].join(", ");
}

function shown(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "…";
}
