import { type BatchOptions, type EncodedSet, IGNORED, rowOrder } from "../data/mod.ts";
import type { Load } from "../plan/mod.ts";
import { planSteps, type StepSettings } from "./plan.ts";

/** A batch by its sizes and its rows. */
export interface LargeBatch extends Load {
  rows: Int32Array;
}

/** The largest batches of a set: the one with the most tokens, and the one with the most learned ones. */
export interface Largest {
  batches: LargeBatch[];
  /** Tokens of the longest row. */
  longestRow: number;
}

/** Rows that are looked at: epochs beyond them are shuffled no worse. */
const MOST_ROWS = 2e7;

/**
 * Looks through the batches of a run, in the order in which it makes them, for those that need the most memory.
 *
 * @param count batches of the run, over all epochs
 */
export function largestBatches(set: EncodedSet, options: Omit<BatchOptions, "epoch" | "skip">, count: number): Largest {
  const { batchSize, shuffle = true, groupByLength = false } = options;
  const lengths = Int32Array.from({ length: set.rows }, (_, row) => set.lengthOf(row));
  const learned = Int32Array.from({ length: set.rows }, (_, row) => learnedIn(set, row));
  const most = { tokens: { sum: -1, rows: new Int32Array(0) }, learned: { sum: -1, rows: new Int32Array(0) } };
  const look = (rows: Int32Array, values: Int32Array, best: typeof most.tokens) => {
    const sum = rows.reduce((total, row) => total + values[row], 0);
    if (sum > best.sum) Object.assign(best, { sum, rows: rows.slice() });
  };
  for (let epoch = 0, seen = 0; seen < count && epoch * set.rows < MOST_ROWS; epoch++) {
    const order = rowOrder(set, { ...options, epoch });
    for (let i = 0; i < order.length && seen < count; i += batchSize, seen++) {
      const rows = order.subarray(i, i + batchSize);
      look(rows, lengths, most.tokens);
      look(rows, learned, most.learned);
    }
    if (!shuffle && !groupByLength) break; // every epoch is the same
  }
  const longestRow = lengths.reduce((longest, length) => Math.max(longest, length), 0);
  return { batches: [most.tokens, most.learned].map(({ rows }) => loadOf(set, rows, learned)), longestRow };
}

/** The largest training batches of a run. */
export function largestOfRun(set: EncodedSet, settings: StepSettings): Largest {
  const { perDeviceTrainBatchSize: batchSize, gradientAccumulationSteps: accumulate, groupByLength } = settings;
  const order = { seed: settings.dataSeed ?? settings.seed, shuffle: !settings.disableShuffling, groupByLength };
  const batches = planSteps(set, settings).totalSteps * accumulate;
  return largestBatches(set, { batchSize, accumulate, ...order }, batches);
}

const loadOf = (set: EncodedSet, rows: Int32Array, learned: Int32Array): LargeBatch => ({
  rows,
  lengths: Array.from(rows).flatMap((row) => Array.from(set.documentsOf(row), (d) => set.document(d).ids.length)),
  learned: rows.reduce((sum, row) => sum + learned[row], 0),
});

function learnedIn(set: EncodedSet, row: number): number {
  let learned = 0;
  for (const d of set.documentsOf(row)) {
    const { labels } = set.document(d);
    for (let t = 1; t < labels.length; t++) if (labels[t] !== IGNORED) learned++;
  }
  return learned;
}
