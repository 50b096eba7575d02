// Models: one family a file. Adding one is a file of traits (or a class of its own), an import and a key here.
import type { Placement } from "../nn/mod.ts";
import { CausalLm } from "./causal_lm.ts";
import type { Family, ModelConfig } from "./config.ts";
import type { Traits } from "./decoder.ts";
import { llama } from "./llama.ts";
import { mistral } from "./mistral.ts";
import { qwen2 } from "./qwen2.ts";
import { qwen3 } from "./qwen3.ts";

export const FAMILIES: Record<Family, Traits> = { llama, mistral, qwen2, qwen3 };

/** The model that a config describes, with undefined weights: load or `initialise` them. */
export function build(config: ModelConfig, placement: Placement): CausalLm {
  return new CausalLm(config, FAMILIES[config.modelType], placement);
}

export { CausalLm, type HiddenOptions, initialise } from "./causal_lm.ts";
export { type Traced } from "./chain.ts";
export { Attention, Block, Mlp, type Traits } from "./decoder.ts";
export { KvCache } from "./kv_cache.ts";
export { resizeVocab } from "./resize.ts";
export { ARCHITECTURES, type Family, type ModelConfig, modelConfig } from "./config.ts";
