import { Linear } from "../nn/mod.ts";
import { noGrad } from "../tensor/mod.ts";
import type { CausalLm } from "./causal_lm.ts";

/** Gives a model whose head is its embedding a head of its own: a frozen copy of the embedding's values, [V, D]. */
export function untie(model: CausalLm): void {
  const { config, placement, model: { embedTokens } } = model;
  if (!config.tieWordEmbeddings) return;
  const head = new Linear(config.hiddenSize, config.vocabSize, { ...placement, dtype: embedTokens.weight.dtype });
  noGrad(() => head.weight.copy_(embedTokens.weight));
  model.lmHead = head;
  config.tieWordEmbeddings = false;
}
