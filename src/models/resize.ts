import { CheckpointError } from "../errors.ts";
import { Linear, type Parameter, replaceValue } from "../nn/mod.ts";
import { cat, empty, noGrad, randn, scope, type Tensor } from "../tensor/mod.ts";
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
  const rows = grownRows(model.config.vocabSize, tokens);
  if (rows === undefined) return false;
  const grown = (weight: Tensor) =>
    scope(() =>
      noGrad(() => {
        const wide = weight.to("f32"), [old, width] = weight.shape;
        const noise = randn([rows - old, width], { dtype: "f32", device: weight.device }).mul(1 / Math.sqrt(width));
        return cat([wide, noise.add(wide.meanOver([0], { keepdim: true }))]).to(weight.dtype);
      })
    );
  for (const weight of rowWeights(model)) replaceValue(weight, grown(weight));
  model.config.vocabSize = rows;
  return true;
}

/** Gives embedding and head this number of rows, for values that are read next: until then they are undefined. */
export function setRows(model: CausalLm, rows: number): void {
  for (const weight of rowWeights(model)) {
    const { dtype, device, shape: [, width] } = weight;
    replaceValue(weight, scope(() => empty([rows, width], { dtype, device })));
  }
  model.config.vocabSize = rows;
}

/** The weights with a row for each token. */
function rowWeights({ lmHead, model: { embedTokens } }: CausalLm): Parameter[] {
  if (!lmHead) return [embedTokens.weight];
  if (lmHead instanceof Linear) return [embedTokens.weight, lmHead.weight];
  throw new CheckpointError("Cannot resize the vocabulary: the head has an adapter; merge it first");
}
