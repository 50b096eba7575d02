// Models: one family a file.
import type { Placement } from "../nn/mod.ts";
import { CausalLm } from "./causal_lm.ts";
import type { ModelConfig } from "./config.ts";
import { FAMILIES } from "./families.ts";

/** Makes the model that a config describes. Its weights are undefined until loaded or drawn by `initialise`. */
export function build(config: ModelConfig, placement: Placement): CausalLm {
  return new CausalLm(config, FAMILIES[config.modelType], placement);
}

export { CausalLm, type HiddenOptions, initialise } from "./causal_lm.ts";
export { type BlockHooks, type Link, type Traced } from "./chain.ts";
export { Attention, Block, Mlp, type Traits } from "./decoder.ts";
export { KvCache } from "./kv_cache.ts";
export { grownRows, hasNewRows, modulesWithRows, resizeVocab, setRows, type Vocabulary } from "./resize.ts";
export { untie } from "./untie.ts";
export { ARCHITECTURES, type Family, type ModelConfig, modelConfig } from "./config.ts";
export { FAMILIES };
