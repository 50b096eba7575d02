import { CheckpointError } from "../errors.ts";
import { Linear, replaceValue } from "../nn/mod.ts";
import { cat, noGrad, randn, scope, type Tensor } from "../tensor/mod.ts";
import type { CausalLm } from "./causal_lm.ts";

/** Vocabularies grow to a multiple of this many rows, which keeps matrix products fast: LLaMA-Factory's rule. */
const MULTIPLE = 64;

/** Rows an embedding of `rows` rows grows to so that it has `tokens` of them; undefined if it has enough already. */
export function grownRows(rows: number, tokens: number): number | undefined {
  return tokens <= rows ? undefined : Math.ceil(tokens / MULTIPLE) * MULTIPLE;
}

/** The modules with new rows: LLaMA-Factory trains them whole and saves them next to an adapter. */
export function modulesWithRows(config: { tieWordEmbeddings: boolean }): string[] {
  return ["embed_tokens", ...config.tieWordEmbeddings ? [] : ["lm_head"]];
}

/**
 * Grows embedding and head to at least `tokens` rows; returns false if they have enough already. New rows are the mean of the
 * old ones plus noise of deviation 1/sqrt(width), as LLaMA-Factory's `noise_init`.
 *
 * @throws {CheckpointError} The head is not a plain linear layer, so its rows are not one weight's.
 */
export function resizeVocab(model: CausalLm, tokens: number): boolean {
  const { config, lmHead } = model;
  const rows = grownRows(config.vocabSize, tokens);
  if (rows === undefined) return false;
  if (lmHead && !(lmHead instanceof Linear)) {
    throw new CheckpointError("Cannot resize the vocabulary: the head has an adapter; merge it first");
  }
  const grown = (weight: Tensor) =>
    scope(() =>
      noGrad(() => {
        const wide = weight.to("f32"), [old, width] = weight.shape;
        const noise = randn([rows - old, width], { dtype: "f32", device: weight.device }).mul(1 / Math.sqrt(width));
        return cat([wide, noise.add(wide.meanOver([0], { keepdim: true }))]).to(weight.dtype);
      })
    );
  replaceValue(model.model.embedTokens.weight, grown(model.model.embedTokens.weight));
  if (lmHead) replaceValue(lmHead.weight, grown(lmHead.weight));
  config.vocabSize = rows;
  return true;
}
