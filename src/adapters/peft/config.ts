import { Fields } from "../../models/fields.ts";
import { few } from "../../errors.ts";

/** A LoRA `adapter_config.json`: PEFT's names in camelCase, with PEFT's defaults for absent keys. */
export interface LoraConfig {
  /** Rank of A and B. */
  r: number;
  loraAlpha: number;
  loraDropout: number;
  /** Ends of module names, a regular expression for whole names, or "all-linear"; null means the family's default. */
  targetModules: string[] | string | null;
  /** Modules to leave out, in the same forms. */
  excludeModules: string[] | string | null;
  /** Indices of the layers to adapt; null means all. */
  layersToTransform: number[] | null;
  /** Name in front of the layer's index ("layers"); empty means any name. */
  layersPattern: string[];
  /** Ranks for the modules whose names end with a key; keys may be regular expressions. */
  rankPattern: Record<string, number>;
  alphaPattern: Record<string, number>;
  /** Modules that are trained and saved in full, by the ends of their names. */
  modulesToSave: string[];
  /** Which biases of the base train: none, all, or those of layers with a branch. */
  bias: "none" | "all" | "lora_only";
  /** Keep embedding and head one weight where the base has them as one and one of them is in `modulesToSave`. */
  ensureWeightTying: boolean;
  /** Scale by alpha / sqrt(r) instead of alpha / r. */
  useRslora: boolean;
  /** How A was drawn; does not matter once there are weights. */
  initLoraWeights: boolean | string;
  taskType: "CAUSAL_LM" | null;
  baseModelNameOrPath: string | null;
  revision: string | null;
}

/** PEFT's defaults. */
export const LORA_DEFAULTS: LoraConfig = {
  r: 8,
  loraAlpha: 8,
  loraDropout: 0,
  targetModules: null,
  excludeModules: null,
  layersToTransform: null,
  layersPattern: [],
  rankPattern: {},
  alphaPattern: {},
  modulesToSave: [],
  bias: "none",
  ensureWeightTying: false,
  useRslora: false,
  initLoraWeights: true,
  taskType: "CAUSAL_LM",
  baseModelNameOrPath: null,
  revision: null,
};

/**
 * Keys of features that change what an adapter computes and are not supported yet. Null, false and an empty list mean off; an
 * empty object does, except for the settings of a feature, which PEFT fills with defaults.
 */
const NOT_YET = {
  use_dora: "DoRA",
  use_qalora: "QALoRA",
  use_bdlora: "BD-LoRA",
  lora_bias: "a bias of B",
  layer_replication: "repeated layers",
  target_parameters: "LoRA on bare parameters",
  trainable_token_indices: "training single tokens",
  alora_invocation_tokens: "activated LoRA",
  velora_config: "VeLoRA",
  kasa_config: "KaSA",
  monteclora_config: "MonteCLoRA",
  arrow_config: "Arrow",
  megatron_config: "Megatron's layers",
};

/** Keys that PEFT needs a value of: an absent one has PEFT's default, but with null PEFT fails. */
const NEVER_NULL = ["r", "lora_alpha", "lora_dropout", "rank_pattern", "alpha_pattern", "bias"];

const SETTINGS_OF_FEATURES = ["use_bdlora", "velora_config", "kasa_config", "monteclora_config", "arrow_config"];

/** Ways to draw A and B that leave the base unchanged, and ways that change it, so that the adapter does not fit a fresh base. */
const KEEPING_BASE = ["gaussian", "eva", "orthogonal"], CHANGING_BASE = /^(pissa|olora|loftq|corda|lora_ga)/;

/** Keys that can be ignored: they describe the file, or belong to a feature that is refused where it is on. */
const MEANINGLESS = "auto_mapping peft_version inference_mode megatron_core qalora_group_size fan_in_fan_out".split(
  " ",
);

/** Settings of an initialisation: it was done when the adapter was made, if it was that one at all. */
const OF_INITIALISATION = ["loftq_config", "eva_config", "corda_config", "lora_ga_config"];

/**
 * Reads the JSON object of an `adapter_config.json`. Errors call it `file`.
 *
 * @throws {CheckpointError} A key is wrong or asks for a feature that is not supported yet; the message names it.
 */
export function loraConfig(
  raw: Record<string, unknown>,
  file = "adapter_config.json",
): { config: LoraConfig; notes: string[] } {
  const fields = new Fields(raw, file, "correct the key or use another adapter");
  const notes: string[] = [];
  const type = fields.text("peft_type", undefined);
  if (type === undefined) throw fields.error("peft_type", "is missing, so the kind of adapter is unknown");
  if (type !== "LORA") throw fields.error("peft_type", "is not an adapter that ftx computes yet (only LORA)");
  for (const [key, feature] of Object.entries(NOT_YET)) {
    if (fields.has(key) && !isOff(raw[key], SETTINGS_OF_FEATURES.includes(key))) {
      throw fields.error(key, `asks for ${feature}, which ftx does not have yet`);
    }
  }
  const empty = NEVER_NULL.find((key) => raw[key] === null);
  if (empty) throw fields.error(empty, "is null, which PEFT cannot use");
  const taskType = fields.text("task_type", null);
  if (taskType !== null && taskType !== "CAUSAL_LM") {
    throw fields.error("task_type", "is not a task that ftx computes yet (only CAUSAL_LM)");
  }
  if (fields.bool("fan_in_fan_out", false)) {
    notes.push(`"${file}" has fan_in_fan_out = true, which does not apply to linear layers: it is ignored`);
  }

  const config: LoraConfig = {
    r: fields.int("r", 8),
    loraAlpha: fields.number("lora_alpha", 8),
    loraDropout: fields.number("lora_dropout", 0, { min: 0, max: 1 }),
    targetModules: namesOrPattern(fields, "target_modules"),
    excludeModules: namesOrPattern(fields, "exclude_modules"),
    layersToTransform: layerNumbers(fields),
    layersPattern: typeof raw.layers_pattern === "string"
      ? [fields.text("layers_pattern", "")].filter(Boolean)
      : fields.texts("layers_pattern", []),
    rankPattern: numbers(fields, "rank_pattern", (inner, key) => inner.int(key, 0)),
    alphaPattern: numbers(fields, "alpha_pattern", (inner, key) => inner.number(key, 0)),
    modulesToSave: namesOrPattern(fields, "modules_to_save", { pattern: false }) as string[] | null ?? [],
    bias: fields.oneOf("bias", ["none", "all", "lora_only"], "none"),
    ensureWeightTying: fields.bool("ensure_weight_tying", false),
    useRslora: fields.bool("use_rslora", false),
    initLoraWeights: initialisation(fields),
    taskType,
    baseModelNameOrPath: fields.text("base_model_name_or_path", null),
    revision: fields.text("revision", null),
  };
  if (typeof config.targetModules === "string") {
    for (const key of ["layers_to_transform", "layers_pattern"]) {
      if (fields.has(key)) throw fields.error(key, "cannot be combined with target_modules as a single string");
    }
  }
  if (config.layersPattern.length && config.layersToTransform === null) {
    throw fields.error("layers_pattern", "does nothing without layers_to_transform");
  }
  const done = OF_INITIALISATION.filter((key) =>
    fields.has(key) && !isOff(raw[key]) && key !== `${config.initLoraWeights}_config`
  );
  if (done.length) notes.push(`"${file}" has ${done.join(", ")}, which does nothing: A and B were not drawn so`);
  const unknown = fields.unknown(MEANINGLESS);
  if (unknown.length) notes.push(`"${file}" has keys that ftx ignores: ${few(unknown)}`);
  return { config, notes };
}

const isOff = (value: unknown, emptyIsOn = false) =>
  value === false || (typeof value === "object" && value !== null && Object.keys(value).length === 0 &&
    !(emptyIsOn && !Array.isArray(value)));

function namesOrPattern(fields: Fields, key: string, { pattern = true } = {}): string[] | string | null {
  if (pattern && typeof fields.values[key] === "string") return fields.text(key, null);
  const names = fields.texts(key, null);
  if (names?.includes("")) throw fields.error(key, "has an empty name");
  return names && [...new Set(names)];
}

function layerNumbers(fields: Fields): number[] | null {
  const key = "layers_to_transform";
  const value = fields.values[key];
  if (!Array.isArray(value)) {
    const one = fields.int(key, null, { min: 0 });
    return one === null ? null : [one];
  }
  fields.has(key);
  if (value.some((n) => !Number.isInteger(n) || n < 0)) {
    throw fields.error(key, "must be a layer's number or a list of them");
  }
  return value.length ? value : null;
}

function numbers(fields: Fields, key: string, read: (inner: Fields, key: string) => number): Record<string, number> {
  const inner = fields.nested(key);
  if (!inner) return {};
  return Object.fromEntries(
    Object.keys(inner.values).map((name) => {
      if (!inner.has(name)) throw inner.error(name, "has no number");
      return [name, read(inner, name)];
    }),
  );
}

function initialisation(fields: Fields): boolean | string {
  const key = "init_lora_weights";
  if (typeof fields.values[key] !== "string") return fields.bool(key, true);
  const name = fields.text(key, "");
  if (KEEPING_BASE.includes(name)) return name;
  const why = CHANGING_BASE.test(name)
    ? "also changes the base model, which ftx does not support yet"
    : "is no way to draw A and B that ftx knows";
  throw fields.error(key, why);
}
