import type { Batch } from "../data/mod.ts";
import type { CausalLm } from "../models/mod.ts";
import { cat, noGrad, scope, type Tensor } from "../tensor/mod.ts";
import { type Feed, inputsOf } from "./feed.ts";

// S supervised tokens.

/** What a stage says about one batch: a loss summed over `count` things. */
export interface Outcome {
  /** fp32 number; its backward gives gradients of the sum. */
  loss: Tensor;
  count: number;
  /** How many of the count were predicted rightly, as a number on the device. */
  correct?: Tensor;
  /** To be called after `loss.backward()`: the part of the backward that lies below, with checkpointing. */
  finish: () => void;
}

/** A loss for a batch. Called inside a scope. */
export type Objective = (batch: Batch) => Outcome;

export interface LanguageModelling {
  labelSmoothing?: number;
  checkpointing?: boolean;
  neftuneAlpha?: number;
  /** Brings batches to the model's device. Default: each when it is asked for. */
  feed?: Feed;
}

/** Cross-entropy of the next token at every supervised position: the objective of pt and sft. */
export function languageModelling(model: CausalLm, options: LanguageModelling = {}): Objective {
  const { labelSmoothing = 0, checkpointing = false, neftuneAlpha = 0, feed } = options;
  return (batch) => {
    const { ids, layout, rows, targets } = feed?.take(batch) ?? inputsOf(batch, model.placement.device);
    const { hidden, finish } = model.hidden(ids, layout, { training: true, checkpointing, neftuneAlpha });
    const { loss, correct } = model.headLoss(hidden.indexSelect(0, rows), targets, { labelSmoothing });
    return { loss, count: batch.learned, correct: correct.sum(), finish };
  };
}

/** What evaluation asks of a batch: the summed loss, and whether each supervised token [S] was predicted rightly. */
export function judge(model: CausalLm, batch: Batch): { loss: number; correct: Float32Array } {
  return scope(() =>
    noGrad(() => {
      const { ids, layout, rows, targets } = inputsOf(batch, model.placement.device);
      const { hidden } = model.hidden(ids, layout);
      const { loss, correct } = model.headLoss(hidden.indexSelect(0, rows), targets);
      const numbers = cat([loss.reshape([1]), correct]).toArray(); // read at once: a GPU is waited for once
      return { loss: numbers[0], correct: numbers.subarray(1, 1 + batch.learned) };
    })
  );
}
