import { type LayerType, readLayerTypes } from "./config_layers.ts";
import { readRope, type RopeScaling } from "./config_rope.ts";
import { Fields } from "./fields.ts";

export type { LayerType, RopeScaling };

/** The families that ftx computes, by `model_type`. */
export type Family = "llama" | "mistral" | "qwen2" | "qwen3";

/** The family of each architecture name in `config.json`. */
export const ARCHITECTURES: Readonly<Record<string, Family>> = {
  LlamaForCausalLM: "llama",
  MistralForCausalLM: "mistral",
  Qwen2ForCausalLM: "qwen2",
  Qwen3ForCausalLM: "qwen3",
};

/** A model's `config.json`, checked: HF's names in camelCase, and HF's defaults for absent keys. */
export interface ModelConfig {
  /** As written. One of them is in `ARCHITECTURES`, unless the file has only `model_type`. */
  architectures: string[];
  modelType: Family;
  vocabSize: number;
  hiddenSize: number;
  intermediateSize: number;
  numHiddenLayers: number;
  numAttentionHeads: number;
  numKeyValueHeads: number;
  /** Channels of a head; an even number. */
  headDim: number;
  rmsNormEps: number;
  ropeTheta: number;
  /** Null means plain rope. */
  ropeScaling: RopeScaling | null;
  maxPositionEmbeddings: number;
  /** Tokens that a token of a sliding layer sees, itself included; null if no layer slides. */
  slidingWindow: number | null;
  useSlidingWindow: boolean;
  maxWindowLayers: number;
  /** One per layer, in every family. */
  layerTypes: LayerType[];
  /** Whether q, k and v have a bias. In llama and qwen3 the output projection then has one too; in qwen2 it never has. */
  attentionBias: boolean;
  mlpBias: boolean;
  /** Dropout of the attention weights in training; 0 in almost all models. */
  attentionDropout: number;
  hiddenAct: "silu";
  tieWordEmbeddings: boolean;
  bosTokenId: number | null;
  eosTokenId: number | number[] | null;
  padTokenId: number | null;
  /** Number type of the published weights; null if the file does not say. */
  dtype: "float32" | "bfloat16" | "float16" | null;
  /** Standard deviation of newly drawn weights. */
  initializerRange: number;
  /** The JSON object as read; the export writes it back. */
  raw: Readonly<Record<string, unknown>>;
  /** One sentence for each thing that was ignored. */
  notes: string[];
}

/** Defaults of transformers 5.23 for absent keys, where families differ. */
const LLAMA = {
  vocab: 32_000,
  intermediate: 11_008,
  keyValueHeads: null,
  positions: 2_048,
  headDim: null,
  bos: 1,
  eos: 2,
};
const QWEN = { vocab: 151_936, intermediate: 22_016, keyValueHeads: 32, positions: 32_768, bos: null, eos: null };
const DEFAULTS = {
  llama: LLAMA,
  mistral: { ...LLAMA, intermediate: 14_336, keyValueHeads: 8, positions: 131_072 },
  qwen2: { ...QWEN, headDim: null },
  qwen3: { ...QWEN, headDim: 128 },
};

/** Keys of published configurations that do not matter for training these families; they are ignored without a note. */
const MEANINGLESS = [
  ..."_name_or_path transformers_version use_cache return_dict output_hidden_states output_attentions pretraining_tp"
    .split(" "),
  ..."id2label label2id num_labels problem_type chunk_size_feed_forward is_encoder_decoder torchscript name_or_path"
    .split(" "),
  ..."_attn_implementation attn_implementation use_mrope unsloth_version unsloth_fixed rope_interleaved".split(" "),
];

/**
 * Reads the JSON object of a `config.json`. Errors call it `file`.
 *
 * @example
 * ```ts
 * const config = modelConfig({ architectures: ["LlamaForCausalLM"], hidden_size: 64, num_attention_heads: 4 }, "config.json");
 * config.headDim; // 16
 * ```
 * @throws {CheckpointError} A key is wrong or not supported; the message names it.
 */
export function modelConfig(raw: Record<string, unknown>, file = "config.json"): ModelConfig {
  const fields = new Fields(raw, file, "correct the key or fetch the model again");
  const notes: string[] = [];
  const { architectures, family } = familyOf(fields, notes);
  const defaults = DEFAULTS[family];
  if (fields.has("quantization_config")) {
    const method = fields.nested("quantization_config")?.values.quant_method;
    throw fields.error(
      "quantization_config",
      `says the weights are quantised (${method ?? "unknown method"}), which ftx does not read yet`,
      "give the model that it was made from",
    );
  }

  const hiddenSize = fields.int("hidden_size", 4_096);
  const numHiddenLayers = fields.int("num_hidden_layers", 32);
  const numAttentionHeads = fields.int("num_attention_heads", 32);
  const maxPositionEmbeddings = fields.int("max_position_embeddings", defaults.positions);
  const hiddenAct = fields.text("hidden_act", "silu");
  if (hiddenAct !== "silu" && hiddenAct !== "swish") throw fields.error("hidden_act", 'must be "silu"');

  const config: ModelConfig = {
    architectures,
    modelType: family,
    vocabSize: fields.int("vocab_size", defaults.vocab),
    hiddenSize,
    intermediateSize: fields.int("intermediate_size", defaults.intermediate),
    numHiddenLayers,
    numAttentionHeads,
    numKeyValueHeads: keyValueHeads(fields, numAttentionHeads, defaults.keyValueHeads),
    headDim: headDim(fields, hiddenSize, numAttentionHeads, defaults.headDim),
    rmsNormEps: fields.number("rms_norm_eps", 1e-6, { above: 0 }),
    ...readRope(fields, maxPositionEmbeddings),
    maxPositionEmbeddings,
    ...readLayerTypes(fields, family, numHiddenLayers),
    attentionBias: family === "qwen2" || family !== "mistral" && fields.bool("attention_bias", false),
    mlpBias: family === "llama" && fields.bool("mlp_bias", false),
    attentionDropout: fields.number("attention_dropout", 0, { min: 0, max: 1 }),
    hiddenAct: "silu",
    tieWordEmbeddings: fields.bool("tie_word_embeddings", false),
    bosTokenId: tokenId(fields, "bos_token_id", defaults.bos),
    eosTokenId: endIds(fields, defaults.eos),
    padTokenId: tokenId(fields, "pad_token_id", null),
    dtype: dtype(fields),
    initializerRange: fields.number("initializer_range", 0.02, { min: 0 }),
    raw,
    notes,
  };
  const unknown = fields.unknown(MEANINGLESS);
  if (unknown.length) notes.push(`"${file}" has keys that ftx ignores: ${unknown.join(", ")}`);
  return config;
}

function familyOf(fields: Fields, notes: string[]): { architectures: string[]; family: Family } {
  const architectures = fields.texts("architectures", []);
  const type = fields.text("model_type", undefined);
  const auto = fields.has("auto_map");
  const known = architectures.find((name) => Object.hasOwn(ARCHITECTURES, name));
  const families = Object.values(ARCHITECTURES);
  if (!known && (architectures.length || !families.includes(type as Family))) {
    const key = architectures.length || !type ? "architectures" : "model_type";
    const code = auto ? ", and code that comes with a model (auto_map) is never executed" : "";
    if (!architectures.length && !type) throw fields.error(key, "is missing, so the kind of model is unknown");
    const ours = Object.keys(ARCHITECTURES).join(", ");
    throw fields.error(key, `is not one that ftx computes${code}`, `choose a model of these: ${ours}`);
  }
  const family = known ? ARCHITECTURES[known] : type as Family;
  if (type && type !== family) throw fields.error("model_type", `contradicts architectures = ["${known}"]`);
  if (auto) notes.push(`"${fields.file}" has auto_map: code that comes with a model is never executed`);
  return { architectures, family };
}

function keyValueHeads(fields: Fields, heads: number, otherwise: number | null): number {
  // An absent key means the family's default, an explicit null "as many as there are heads".
  const absent = Object.hasOwn(fields.values, "num_key_value_heads") ? heads : otherwise ?? heads;
  const count = fields.int("num_key_value_heads", absent);
  if (heads % count !== 0) throw fields.error("num_key_value_heads", `must divide num_attention_heads = ${heads}`);
  return count;
}

function headDim(fields: Fields, hidden: number, heads: number, otherwise: number | null): number {
  const given = fields.int("head_dim", otherwise);
  if (given === null && hidden % heads !== 0) {
    throw fields.error("num_attention_heads", `must divide hidden_size = ${hidden} where head_dim is not given`);
  }
  const size = given ?? hidden / heads;
  if (size % 2 !== 0) {
    throw fields.error(
      given === null ? "hidden_size" : "head_dim",
      `gives heads of ${size} channels, and rope turns pairs`,
    );
  }
  return size;
}

function tokenId(fields: Fields, key: string, otherwise: number | null): number | null {
  const absent = Object.hasOwn(fields.values, key) ? null : otherwise;
  const id = fields.int(key, absent, { min: -1 }); // some models write -1 for "none"
  return id === -1 ? null : id;
}

function endIds(fields: Fields, otherwise: number | null): number | number[] | null {
  const value = fields.values.eos_token_id;
  if (!Array.isArray(value)) return tokenId(fields, "eos_token_id", otherwise);
  fields.has("eos_token_id");
  if (!value.length || value.some((id) => !Number.isInteger(id) || id < 0)) {
    throw fields.error("eos_token_id", "must be a token id or a list of them");
  }
  return value;
}

function dtype(fields: Fields): ModelConfig["dtype"] {
  const older = fields.text("torch_dtype", null);
  const name = fields.text("dtype", older)?.replace(/^torch\./, "") ?? null;
  if (name === null || name === "auto") return null;
  if (name === "float32" || name === "bfloat16" || name === "float16") return name;
  const key = fields.has("dtype") ? "dtype" : "torch_dtype";
  throw fields.error(key, "must be one of float32, bfloat16, float16");
}
