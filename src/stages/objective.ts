import type { Batch } from "../data/mod.ts";
import { IGNORED } from "../data/mod.ts";
import type { CausalLm } from "../models/mod.ts";
import { layoutOf } from "../nn/mod.ts";
import { from, noGrad, scope, type Tensor } from "../tensor/mod.ts";

// N tokens of a batch, S supervised ones.

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
}

/** Cross-entropy of the next token at every supervised position: the objective of pt and sft. */
export function languageModelling(model: CausalLm, options: LanguageModelling = {}): Objective {
  const { labelSmoothing = 0, checkpointing = false, neftuneAlpha = 0 } = options;
  const { device } = model.placement;
  return (batch) => {
    const { rows, targets } = supervised(batch.labels, batch.learned);
    const layout = layoutOf(batch.positions, batch.starts, device);
    const { hidden, finish } = model.hidden(from(batch.ids, [batch.ids.length], device), layout, {
      training: true,
      checkpointing,
      neftuneAlpha,
    });
    const chosen = hidden.indexSelect(0, from(rows, [rows.length], device)); // [S, D]
    const { loss, correct } = model.headLoss(chosen, from(targets, [rows.length], device), { labelSmoothing });
    return { loss, count: batch.learned, correct: correct.sum(), finish };
  };
}

/** What evaluation asks of a batch: the summed loss, and whether each supervised token [S] was predicted rightly. */
export function judge(model: CausalLm, batch: Batch): { loss: number; correct: Float32Array } {
  const { device } = model.placement;
  return scope(() =>
    noGrad(() => {
      const { rows, targets } = supervised(batch.labels, batch.learned);
      const layout = layoutOf(batch.positions, batch.starts, device);
      const { hidden } = model.hidden(from(batch.ids, [batch.ids.length], device), layout);
      const chosen = hidden.indexSelect(0, from(rows, [rows.length], device));
      const { loss, correct } = model.headLoss(chosen, from(targets, [rows.length], device));
      return { loss: loss.item(), correct: correct.toArray() };
    })
  );
}

/** Positions whose label is learned, and those labels: [S] each. */
export function supervised(labels: Int32Array, learned: number): { rows: Int32Array; targets: Int32Array } {
  const rows = new Int32Array(learned), targets = new Int32Array(learned);
  let n = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === IGNORED) continue;
    rows[n] = i;
    targets[n++] = labels[i];
  }
  return { rows, targets };
}
