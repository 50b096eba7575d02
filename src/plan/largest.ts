import { type Batch, type BatchOptions, type EncodedSet, rowOrder } from "../data/mod.ts";
import type { Load } from "./work.ts";
import { planSteps, type StepSettings } from "../train/steps.ts";

/** A batch with its sizes and its rows. */
export interface LargeBatch extends Load {
  rows: Int32Array;
  batch: Batch;
}

/** The largest batches of a set: the one with the most tokens, and the one with the most learned ones. */
export interface Largest {
  /** Of those that begin a step. */
  first: LargeBatch[];
  /** Of those that follow in a step; none where each step is one batch. */
  later: LargeBatch[];
  /** Tokens of the longest row. */
  longestRow: number;
}

/** Rows that are looked at: epochs beyond them are shuffled no worse. */
const MOST_ROWS = 2e7;

/**
 * Looks through the batches of a run, in the order in which it makes them, for those that need the most memory.
 *
 * @param count optimizer steps of the run, over all epochs
 */
export function largestBatches(set: EncodedSet, options: Omit<BatchOptions, "epoch" | "skip">, count: number): Largest {
  const { batchSize, accumulate = 1, shuffle = true, groupByLength = false } = options;
  const lengths = Int32Array.from({ length: set.rows }, (_, row) => set.lengthOf(row));
  const learned = Int32Array.from({ length: set.rows }, (_, row) => set.learnedOf(row));
  const record = (values: Int32Array) => ({ values, sum: -1, rows: new Int32Array(0) });
  const most = { first: [record(lengths), record(learned)], later: [record(lengths), record(learned)] };
  for (let epoch = 0, steps = 0; set.rows && steps < count && epoch * set.rows < MOST_ROWS; epoch++) {
    const order = rowOrder(set, { ...options, epoch });
    for (let batch = 0; batch * batchSize < order.length; batch++) {
      const isFirst = batch % accumulate === 0;
      if (isFirst && steps++ === count) break;
      const rows = order.subarray(batch * batchSize, (batch + 1) * batchSize);
      for (const best of isFirst ? most.first : most.later) {
        const sum = rows.reduce((total, row) => total + best.values[row], 0);
        if (sum > best.sum) Object.assign(best, { sum, rows });
      }
    }
    if (!shuffle && !groupByLength) break; // every epoch is the same
  }
  const found = (records: typeof most.first) =>
    records.filter(({ sum }) => sum >= 0).map(({ rows }) => loadOf(set, rows, learned));
  const longestRow = lengths.reduce((longest, length) => Math.max(longest, length), 0);
  return { first: found(most.first), later: found(most.later), longestRow };
}

/** The largest training batches of a run. */
export function largestOfRun(set: EncodedSet, settings: StepSettings): Largest {
  const { perDeviceTrainBatchSize: batchSize, gradientAccumulationSteps: accumulate, groupByLength } = settings;
  const order = { seed: settings.dataSeed ?? settings.seed, shuffle: !settings.disableShuffling, groupByLength };
  return largestBatches(set, { batchSize, accumulate, ...order }, planSteps(set, settings).totalSteps);
}

const loadOf = (set: EncodedSet, rows: Int32Array, learned: Int32Array): LargeBatch => ({
  rows,
  lengths: Array.from(rows).flatMap((row) => Array.from(set.documentsOf(row), (d) => set.document(d).ids.length)),
  learned: rows.reduce((sum, row) => sum + learned[row], 0),
  batch: set.batch(rows),
});
