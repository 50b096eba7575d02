import { setImmediate } from "node:timers/promises";
import { setTraining } from "../adapters/mod.ts";
import { batches, type EncodedSet } from "../data/mod.ts";
import type { CausalLm } from "../models/mod.ts";
import { supervised } from "./feed.ts";
import { judge } from "./objective.ts";

/** Means over an evaluation set, by the names of the log (without `eval_`). */
export interface Evaluated {
  metrics: { loss: number; perplexity: number; accuracy?: number };
  rows: number;
  batches: number;
  seconds: number;
}

/**
 * Evaluates a set in its order, or gives nothing when `stop` said so between two batches. `loss` is HF Trainer's: the mean of the batches' token means, weighted by their rows;
 * `perplexity` is its exponential; `accuracy` is LLaMA-Factory's: the mean over examples of their share of rightly
 * predicted tokens.
 */
export async function evaluate(
  model: CausalLm,
  set: EncodedSet,
  { batchSize, accuracy = false, stop = () => false }: {
    batchSize: number;
    accuracy?: boolean;
    stop?: () => boolean;
  },
): Promise<Evaluated | undefined> {
  const began = performance.now();
  let loss = 0, rows = 0, count = 0, shares = 0, examples = 0;
  setTraining(model, false);
  try {
    for (const batch of batches(set, { batchSize, shuffle: false })) {
      if (stop()) return undefined;
      count++;
      if (batch.learned === 0) continue; // nothing to judge: HF's mean over no token would be NaN
      const judged = judge(model, batch);
      loss += judged.loss / batch.learned * batch.rows;
      rows += batch.rows;
      for (const share of shareOfEach(batch.starts, supervised(batch.labels, batch.learned).rows, judged.correct)) {
        shares += share;
        examples++;
      }
      await setImmediate();
    }
  } finally {
    setTraining(model, true);
  }
  const mean = loss / rows;
  return {
    metrics: { loss: mean, perplexity: Math.exp(mean), ...(accuracy ? { accuracy: shares / examples } : {}) },
    rows: set.rows,
    batches: count,
    seconds: (performance.now() - began) / 1000,
  };
}

/** For each document with supervised tokens, the share of them that is right. */
function* shareOfEach(starts: Int32Array, rows: Int32Array, correct: Float32Array): Generator<number> {
  let at = 0;
  for (let d = 1; d < starts.length; d++) {
    let right = 0, all = 0;
    for (; at < rows.length && rows[at] < starts[d]; at++, all++) right += correct[at];
    if (all) yield right / all;
  }
}
