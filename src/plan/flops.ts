import { type Facts, tokensOf } from "./facts.ts";
import { sizeOf } from "./parameters.ts";
import type { Trained } from "./trained.ts";

/**
 * Floating-point operations of a training step for each of its tokens, two for a multiplication and an addition. Counted are
 * products: forward, backward to what came in where something below trains, backward to weights where those train, and
 * forward again where blocks are recomputed. The head computes for learned tokens only; attention sees half of each document.
 */
export function flopsPerToken(facts: Facts, { parameters, whole, branches }: Trained): number {
  const { config, train: { lengths, learned }, settings } = facts;
  const tokens = tokensOf(facts.train) || 1;
  const blockOf = (path: string) => Number(path.match(/^model\.layers\.(\d+)\./)?.[1] ?? NaN);
  const embeds = whole.has("model.embed_tokens.weight");
  const trained = [...whole, ...branches.keys()].map(blockOf).filter((block) => !Number.isNaN(block));
  const lowest = embeds ? 0 : trained.reduce((least, block) => Math.min(least, block), config.numHiddenLayers);
  const again = settings.gradientCheckpointing ? 1 : 0;
  let flops = 0;
  for (const [name, shape] of parameters) {
    const [outputs, inputs] = shape, path = name.replace(/\.weight$/, "");
    const isHead = path === (config.tieWordEmbeddings ? "model.embed_tokens" : "lm_head");
    if (inputs === undefined || path === "model.embed_tokens" && !isHead) continue;
    const block = blockOf(name), backward = isHead || block >= lowest, rank = branches.get(path)?.rank ?? 0;
    const passes = 1 + (backward ? 1 + (isHead ? 0 : again) : 0);
    const branch = rank * (inputs + outputs) * (passes + 1);
    flops += 2 * (sizeOf(shape) * (passes + (whole.has(name) ? 1 : 0)) + branch) * (isHead ? learned / tokens : 1);
  }
  const { numHiddenLayers: L, numAttentionHeads: H, headDim: C } = config;
  const seen = lengths.reduce((sum, T) => sum + T * (T + 1) / 2, 0) / tokens; // tokens that one sees, on average
  const backward = L - lowest; // two products forward, five backward: FlashAttention computes the scores again
  return flops + 2 * seen * H * C * (2 * L + (5 + 2 * again) * backward);
}
