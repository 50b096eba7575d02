import type { Tensor } from "../tensor/mod.ts";

/**
 * The processes that train one model together, each on its part of the data. Counts, totals and decisions to stop are
 * shared; every rank must call the same methods in the same order.
 */
export interface Ranks {
  /** This process, counted from 0. Rank 0 writes the run's folder. */
  readonly rank: number;
  readonly size: number;
  /** The part of a step's batches that this rank computes: as many on every rank. */
  slice<T>(batches: readonly T[]): readonly T[];
  /** Adds numbers up over all ranks, element by element; every rank gets the same sums. */
  sum(numbers: readonly number[]): Promise<number[]>;
  /** Adds a tensor up over all ranks, in place. */
  total(t: Tensor): Promise<void>;
  /** Whether any rank says true; every rank gets the same answer. */
  any(flag: boolean): Promise<boolean>;
}

/** A run in one process. */
export const ALONE: Ranks = {
  rank: 0,
  size: 1,
  slice: (batches) => batches,
  sum: (numbers) => Promise.resolve([...numbers]),
  total: () => Promise.resolve(),
  any: (flag) => Promise.resolve(flag),
};
