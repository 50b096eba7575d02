import type { Batch } from "./batch.ts";
import { Random } from "./random.ts";
import type { EncodedSet } from "./set.ts";

/** How an epoch is cut into batches. */
export interface BatchOptions {
  /** Rows in a batch: `per_device_train_batch_size`. */
  batchSize: number;
  /** `data_seed`, or `seed` where that is not set. Default 42. */
  seed?: number;
  /** Epoch, counted from 0. Default 0. */
  epoch?: number;
  /** Shuffle again for each epoch. Default true. */
  shuffle?: boolean;
  /** Put rows of similar length together, as Hugging Face's `group_by_length` does. Default false. */
  groupByLength?: boolean;
  /** Micro-batches in an optimizer step; length groups span a whole step. Default 1. */
  accumulate?: number;
  /** Batches of this epoch to skip, without building them. Default 0. */
  skip?: number;
}

/**
 * The batches of one epoch. The order is a pure function of (seed, epoch, rows): that of Hugging Face's Trainer with
 * accelerate's `SeedableRandomSampler`. A last, shorter batch is kept.
 */
export function* batches(set: EncodedSet, options: BatchOptions): Generator<Batch, void, void> {
  const { batchSize, skip = 0 } = options;
  const order = rowOrder(set, options);
  for (let i = skip * batchSize; i < order.length; i += batchSize) yield set.batch(order.subarray(i, i + batchSize));
}

/** Batches in an epoch. */
export function batchesPerEpoch(set: EncodedSet, batchSize: number): number {
  return Math.ceil(set.rows / batchSize);
}

/** The order in which an epoch visits the rows. */
export function rowOrder(set: EncodedSet, options: BatchOptions): Int32Array {
  const { batchSize, seed = 42, epoch = 0, shuffle = true, groupByLength = false, accumulate = 1 } = options;
  if (groupByLength) {
    const lengths = Int32Array.from({ length: set.rows }, (_, row) => set.lengthOf(row));
    return groupedOrder(lengths, batchSize * accumulate, new Random(seed + epoch));
  }
  if (!shuffle) return Int32Array.from({ length: set.rows }, (_, i) => i);
  return new Random(seed + epoch).permutation(set.rows);
}

/**
 * Rows of similar length together: shuffled, cut into mega-batches of up to 50 batches, each sorted from long to short. The
 * longest row comes first, so that memory runs out at once or never. Equals `get_length_grouped_indices` of Hugging Face's
 * Trainer.
 */
export function groupedOrder(lengths: Int32Array, batchSize: number, random: Random): Int32Array {
  if (lengths.length === 0) return new Int32Array(0);
  const many = Math.max(1, Math.min(Math.floor(lengths.length / (batchSize * 4)), 50));
  const shuffled = random.permutation(lengths.length);
  const groups: number[][] = [];
  for (let i = 0; i < shuffled.length; i += many * batchSize) {
    groups.push(Array.from(shuffled.subarray(i, i + many * batchSize)).sort((a, b) => lengths[b] - lengths[a]));
  }
  let longest = 0;
  groups.forEach((group, i) => {
    if (lengths[group[0]] > lengths[groups[longest][0]]) longest = i;
  });
  [groups[0][0], groups[longest][0]] = [groups[longest][0], groups[0][0]];
  return Int32Array.from(groups.flat());
}
