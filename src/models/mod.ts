// Models: one family a file.
import type { Placement } from "../nn/mod.ts";
import { CausalLm } from "./causal_lm.ts";
import type { ModelConfig } from "./config.ts";
import { FAMILIES } from "./families.ts";

/** The model that a config describes, with undefined weights: load or `initialise` them. */
export function build(config: ModelConfig, placement: Placement): CausalLm {
  return new CausalLm(config, FAMILIES[config.modelType], placement);
}

export { CausalLm, type HiddenOptions, initialise } from "./causal_lm.ts";
export { type Traced } from "./chain.ts";
export { Attention, Block, Mlp, type Traits } from "./decoder.ts";
export { KvCache } from "./kv_cache.ts";
export { resizeVocab } from "./resize.ts";
export { grownRows, modulesWithRows } from "./vocabulary.ts";
export { ARCHITECTURES, type Family, type ModelConfig, modelConfig } from "./config.ts";
export { FAMILIES };
