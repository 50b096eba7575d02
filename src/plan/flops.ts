import type { CausalLm } from "../models/mod.ts";
import type { Module, Parameter } from "../nn/mod.ts";
import { type Load, tokensOf } from "./work.ts";

/**
 * Floating-point operations of a training step for each of its tokens, two for a multiplication and an addition. Counted are
 * products, one for every matrix of the model and its adapters: forward, backward to what came in where something below
 * trains, backward to the matrix where it trains, and forward again where blocks are recomputed. The head computes for learned
 * tokens only; attention sees half of each document.
 */
export function flopsPerToken(model: CausalLm, load: Load, { recomputes }: { recomputes: boolean }): number {
  const { blocks, config: { numAttentionHeads: H, headDim: C } } = model;
  const tokens = tokensOf(load) || 1, again = recomputes ? 1 : 0;
  const trained = blocks.findIndex((block) => matrices(block).some((p) => p.wantsGrad));
  const lowest = matrices(model.model.embedTokens).some((p) => p.wantsGrad) ? 0 : trained < 0 ? blocks.length : trained;
  const products = (part: Module<any, any>, passes: number) =>
    matrices(part).reduce((sum, p) => sum + 2 * p.size * (passes + (p.wantsGrad ? 1 : 0)), 0);
  const inBlocks = blocks.reduce((sum, block, i) => sum + products(block, i < lowest ? 1 : 2 + again), 0);
  const inHead = products(model.lmHead ?? model.model.embedTokens, 2) * load.learned / tokens;
  const seen = load.lengths.reduce((sum, T) => sum + T * (T + 1) / 2, 0) / tokens; // tokens that one sees, on average
  const backward = blocks.length - lowest; // two products forward, five backward: FlashAttention computes the scores again
  return inBlocks + inHead + 2 * seen * H * C * (2 * blocks.length + (5 + 2 * again) * backward);
}

const matrices = (part: Module<any, any>): Parameter[] =>
  Array.from(part.parameters(), ([, p]) => p).filter((p) => p.shape.length === 2);
