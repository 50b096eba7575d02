import { type Batch, TASKS } from "../data/mod.ts";
import type { CausalLm } from "../models/mod.ts";
import { cat } from "../tensor/mod.ts";
import type { Feed } from "../train/feed.ts";
import { inputsOf } from "../train/inputs.ts";
import type { Judge, Objective, Share } from "../train/objective.ts";
import type { Stage } from "./stage.ts";

// S supervised tokens, N tokens of a batch, D hidden.

/**
 * Supervised fine-tuning: conversations through the model's template, cross-entropy of the answers' tokens. The loss is HF
 * Trainer's: a step's sum over its supervised tokens, divided by their number.
 */
export const sft: Stage = {
  task: TASKS.conversation,
  objective: ({ model, recipe, feed }) =>
    nextToken(model, {
      labelSmoothing: recipe.labelSmoothingFactor,
      checkpointing: recipe.gradientCheckpointing,
      neftuneAlpha: recipe.neftuneNoiseAlpha,
      feed,
    }),
  judge: ({ model, recipe }) => nextTokenJudge(model, { accuracy: recipe.computeAccuracy }),
};

export interface NextTokenOptions {
  /** Share of each target that is spread over all tokens. Default 0. */
  labelSmoothing?: number;
  /** Recompute blocks going backward. Default false. */
  checkpointing?: boolean;
  /** Noise on the embeddings; see `HiddenOptions`. Default 0: none. */
  neftuneAlpha?: number;
  /** Brings batches to the model's device. Default: each is copied when it is asked for. */
  feed?: Feed;
}

/** Cross-entropy of the next token at every supervised position. */
export function nextToken(model: CausalLm, options: NextTokenOptions = {}): Objective {
  const { labelSmoothing, checkpointing, neftuneAlpha, feed } = options;
  return {
    count: (batch) => batch.learned,
    metrics: { accuracy: (batch) => batch.learned },
    run(batch) {
      const { ids, layout, supervised, targets } = feed?.take(batch) ?? inputsOf(batch, model.placement.device);
      const { hidden, finish } = model.hidden(ids, layout, { training: true, checkpointing, neftuneAlpha }); // [N, D]
      const { loss, correct } = model.headLoss(hidden.indexSelect(0, supervised), targets, { labelSmoothing }); // [], [S]
      return { loss, sums: { accuracy: correct.sum() }, finish };
    },
  };
}

/**
 * `loss` is HF Trainer's: the mean of the batches' token means, weighted by their rows. `perplexity` is its exponential.
 * `accuracy` is LLaMA-Factory's: the mean over examples of their share of correctly predicted tokens.
 */
export function nextTokenJudge(model: CausalLm, { accuracy = false } = {}): Judge {
  return {
    metrics: accuracy ? ["loss", "accuracy"] : ["loss"],
    derived: { perplexity: ({ loss }) => Math.exp(loss) },
    run(batch): Record<string, Share> {
      if (batch.learned === 0) return {}; // the mean over no token would be NaN
      const { ids, layout, supervised, targets } = inputsOf(batch, model.placement.device);
      const { loss, correct } = model.headLoss(model.hidden(ids, layout).hidden.indexSelect(0, supervised), targets);
      const [sum, ...right] = cat([loss.reshape([1]), correct]).toArray(); // read at once: a GPU is waited for once
      const mean = { sum: sum / batch.learned * batch.rows, of: batch.rows };
      return accuracy ? { loss: mean, accuracy: sharesOfDocuments(batch, right) } : { loss: mean };
    },
  };
}

/** Adds up, over the documents with supervised tokens, the share of those tokens that was predicted correctly. */
function sharesOfDocuments({ starts, supervised }: Batch, correct: readonly number[]): Share {
  const total = { sum: 0, of: 0 };
  for (let d = 1, at = 0; d < starts.length; d++) {
    let right = 0, all = 0;
    for (; at < supervised.length && supervised[at] < starts[d]; at++, all++) right += correct[at];
    if (all === 0) continue;
    total.sum += right / all;
    total.of++;
  }
  return total;
}
