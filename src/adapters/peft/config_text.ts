import type { LoraConfig } from "./config.ts";

/** The version of PEFT whose format is written. */
const PEFT_VERSION = "0.21.2";

/** Keys of features that are off; PEFT writes them too. */
const OFF = {
  alora_invocation_tokens: null,
  arrow_config: null,
  auto_mapping: null,
  corda_config: null,
  eva_config: null,
  fan_in_fan_out: false,
  kasa_config: null,
  layer_replication: null,
  loftq_config: {},
  lora_bias: false,
  lora_ga_config: null,
  megatron_config: null,
  megatron_core: "megatron.core",
  monteclora_config: null,
  qalora_group_size: 16,
  target_parameters: null,
  trainable_token_indices: null,
  use_bdlora: null,
  use_dora: false,
  use_qalora: false,
  velora_config: null,
};

/**
 * The text of `adapter_config.json` as PEFT 0.21 writes it: the same keys, sorted, indented by two spaces. The keys of patterns
 * keep their order, because the first that matches counts. `inference_mode` is always true in a file; PEFT turns it off when it
 * loads the adapter for training.
 */
export function loraConfigText(config: LoraConfig): string {
  return JSON.stringify(
    sorted({
      ...OFF,
      alpha_pattern: config.alphaPattern,
      base_model_name_or_path: config.baseModelNameOrPath,
      bias: config.bias,
      ensure_weight_tying: config.ensureWeightTying,
      exclude_modules: listed(config.excludeModules),
      inference_mode: true,
      init_lora_weights: config.initLoraWeights,
      layers_pattern: config.layersPattern.length ? config.layersPattern : null,
      layers_to_transform: config.layersToTransform,
      lora_alpha: config.loraAlpha,
      lora_dropout: config.loraDropout,
      modules_to_save: config.modulesToSave.length ? config.modulesToSave : null,
      peft_type: "LORA",
      peft_version: PEFT_VERSION,
      r: config.r,
      rank_pattern: config.rankPattern,
      revision: config.revision,
      target_modules: listed(config.targetModules),
      task_type: config.taskType,
      use_rslora: config.useRslora,
    }),
    null,
    2,
  );
}

const sorted = (object: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(object).sort(([a], [b]) => a < b ? -1 : 1));

/** Names in a fixed order: PEFT's own order is that of a set and has no meaning. */
const listed = (names: string[] | string | null) => Array.isArray(names) ? [...names].sort() : names;
