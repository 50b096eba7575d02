import { replaceValue } from "../nn/mod.ts";
import { cat, noGrad, randn, scope, type Tensor } from "../tensor/mod.ts";
import type { CausalLm } from "./causal_lm.ts";
import { grownRows } from "./vocabulary.ts";

/**
 * Gives embedding and head rows for `tokens` tokens at least; false where they have them already. New rows are the mean
 * of the old ones plus noise of deviation 1/sqrt(width), as LLaMA-Factory's `noise_init`.
 */
export function resizeVocab(model: CausalLm, tokens: number): boolean {
  const { config } = model;
  const rows = grownRows(config.vocabSize, tokens);
  if (rows === undefined) return false;
  const grown = (weight: Tensor) =>
    scope(() =>
      noGrad(() => {
        const wide = weight.to("f32"), [old, width] = weight.shape;
        const noise = randn([rows - old, width], { dtype: "f32", device: weight.device }).mul(1 / Math.sqrt(width));
        return cat([wide, noise.add(wide.meanOver([0], { keepdim: true }))]).to(weight.dtype);
      })
    );
  replaceValue(model.model.embedTokens.weight, grown(model.model.embedTokens.weight));
  if (model.lmHead) replaceValue(model.lmHead.weight, grown(model.lmHead.weight));
  config.vocabSize = rows;
  return true;
}
