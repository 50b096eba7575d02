import type { CausalLm, ModelConfig } from "../models/mod.ts";
import type { ModelSettings } from "../models/settings.ts";
import { replaceValue, type RopeScaling } from "../nn/mod.ts";
import { snakeCase } from "../settings/spelling.ts";
import {
  availableMemory,
  type DType,
  memory,
  noGrad,
  pickDevice,
  scope,
  setMemoryLimit,
  threads,
} from "../tensor/mod.ts";
import { loadModel } from "./load.ts";

/** The settings that decide how a model is loaded. */
export type LoadSettings =
  & Pick<ModelSettings, "modelNameOrPath" | "dtype" | "bf16" | "fp16" | "pureBf16" | "device" | "threads">
  & Pick<ModelSettings, "ropeScaling" | "upcastLayernorm" | "trainFromScratch">
  & { readonly cutoffLen: number };

export interface RecipeModelOptions {
  /** Trainable weights keep the file's precision until their fp32 masters are made. Default: all in the compute type. */
  keepFileDtype?: boolean;
  /** Whether rope is stretched for `cutoff_len` (training) or by 2 (use), as LLaMA-Factory. */
  purpose: "train" | "use";
  onNote?: (sentence: string) => void;
  onProgress?: (share: number) => void;
}

/** Loads a recipe's model onto its device; also returns the type it computes in. */
export async function modelOf(
  settings: LoadSettings,
  { keepFileDtype = false, purpose, onNote = () => {}, onProgress }: RecipeModelOptions,
): Promise<{ model: CausalLm; dtype: DType }> {
  const device = pickDevice(settings.device);
  if (settings.threads) threads(settings.threads);
  const wanted = wantedDtype(settings);
  setMemoryLimit(memory().mapped + availableMemory()); // beyond it the kernel would kill this process without a message
  const model = await loadModel(settings.modelNameOrPath, {
    dtype: keepFileDtype && !settings.trainFromScratch ? "auto" : wanted,
    device,
    fromScratch: settings.trainFromScratch,
    adjust: (config) => stretched(config, settings, purpose, onNote),
    onNote,
    onProgress,
  });
  const dtype = wanted === "auto" ? model.placement.dtype : wanted;
  if (!keepFileDtype) computeIn(model, dtype, settings.upcastLayernorm);
  return { model, dtype };
}

/** Converts every weight to the type the model computes in; with `upcastNorms`, those of norms to fp32. */
export function computeIn(model: CausalLm, dtype: DType, upcastNorms = false) {
  for (const [name, p] of model.parameters()) {
    const branch = /\.lora_(embedding_)?[AB]\b/.test(name); // adapters are fp32 whatever the model is
    const target = branch ? "f32" : upcastNorms && name.endsWith("norm.weight") ? "f32" : dtype;
    if (p.dtype !== target) replaceValue(p, scope(() => noGrad(() => p.detach().to(target))));
  }
  model.placement.dtype = dtype;
}

/** The type to load weights in; auto: that of their files. */
export function wantedDtype({ dtype, bf16, fp16, pureBf16 }: LoadSettings): DType | "auto" {
  if (fp16 || dtype === "fp16") return "f16";
  if (bf16 || pureBf16 || dtype === "bf16") return "bf16";
  return dtype === "fp32" ? "f32" : "auto";
}

/** Rope stretched as `rope_scaling` asks: by ceil(cutoff_len / positions) to train, by 2 to use. */
function stretched(
  config: ModelConfig,
  { ropeScaling: type, cutoffLen }: LoadSettings,
  purpose: "train" | "use",
  note: (sentence: string) => void,
): ModelConfig {
  if (!type) return config;
  const original = config.maxPositionEmbeddings;
  if (purpose === "train" && cutoffLen <= original) {
    note(
      `rope_scaling = ${type} changes nothing: cutoff_len = ${cutoffLen} is within the model's ${original} positions`,
    );
    return config;
  }
  const factor = purpose === "train" ? Math.ceil(cutoffLen / original) : 2;
  const scaling: RopeScaling = type === "linear" || type === "dynamic"
    ? { type, factor }
    : type === "yarn"
    ? { type, factor, originalMaxPositionEmbeddings: original, betaFast: 32, betaSlow: 1, truncate: true }
    : { type, factor, originalMaxPositionEmbeddings: original, lowFreqFactor: 1, highFreqFactor: 4 };
  const raw = {
    rope_theta: config.ropeTheta,
    rope_scaling: rawScaling(scaling),
    max_position_embeddings: type === "dynamic" ? original : original * factor,
  };
  const { rope_parameters: _, ...rest } = config.raw;
  return {
    ...config,
    ropeScaling: scaling,
    maxPositionEmbeddings: raw.max_position_embeddings,
    raw: { ...rest, ...raw },
  };
}

/** The scaling as config.json writes it. */
function rawScaling({ type, ...rest }: RopeScaling): Record<string, unknown> {
  return { rope_type: type, ...Object.fromEntries(Object.entries(rest).map(([k, v]) => [snakeCase(k), v])) };
}
