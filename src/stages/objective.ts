import type { Batch } from "../data/mod.ts";
import { IGNORED } from "../data/mod.ts";
import type { CausalLm } from "../models/mod.ts";
import { type Layout, layoutOf, roundedSize } from "../nn/mod.ts";
import { type Device, from, noGrad, scope, type Tensor } from "../tensor/mod.ts";

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
  return (batch) => {
    const { ids, layout, rows, targets } = inputsOf(batch, model.placement.device);
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
      return { loss: loss.item(), correct: correct.toArray().subarray(0, batch.learned) };
    })
  );
}

/**
 * A batch as tensors: ids [N], their layout, supervised rows [S] and their targets. On a CPU, N and S are rounded up: by a
 * document of padding that nobody learns from, and by rows whose target is ignored.
 */
function inputsOf(batch: Batch, device: Device): { ids: Tensor; layout: Layout; rows: Tensor; targets: Tensor } {
  const tensor = (xs: Int32Array) => from(xs, [xs.length], device);
  const N = batch.ids.length, room = roundedSize(N, device);
  const { rows, targets } = supervised(batch.labels, batch.learned, roundedSize(batch.learned, device));
  if (room === N) {
    const layout = layoutOf(batch.positions, batch.starts, device);
    return { ids: tensor(batch.ids), layout, rows: tensor(rows), targets: tensor(targets) };
  }
  const ids = new Int32Array(room), positions = new Int32Array(room);
  ids.set(batch.ids);
  positions.set(batch.positions);
  for (let i = N; i < room; i++) positions[i] = i - N;
  const layout = layoutOf(positions, Int32Array.of(...batch.starts, room), device);
  return { ids: tensor(ids), layout, rows: tensor(rows), targets: tensor(targets) };
}

/** Positions whose label is learned, and those labels: [S] each. Up to `room`, rows whose target is ignored follow. */
export function supervised(
  labels: Int32Array,
  learned: number,
  room = learned,
): { rows: Int32Array; targets: Int32Array } {
  const rows = new Int32Array(room), targets = new Int32Array(room).fill(IGNORED);
  let n = 0;
  for (let i = 0; i < labels.length; i++) {
    if (labels[i] === IGNORED) continue;
    rows[n] = i;
    targets[n++] = labels[i];
  }
  return { rows, targets };
}
