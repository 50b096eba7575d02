import type { Traits } from "./decoder.ts";

/** Llama 2, 3, 3.1 to 3.3 (https://arxiv.org/abs/2307.09288, https://arxiv.org/abs/2407.21783): other families vary it. */
export const llama: Traits = {
  outputBias: (config) => config.attentionBias,
  qkNorm: false,
};
