import { type Batch, EncodedSet, IGNORED, type Prepared } from "../data/mod.ts";
import { oneEach } from "../data/sets/rows.ts";
import type { Recipe } from "../recipe/mod.ts";
import { planSteps } from "../train/steps.ts";
import { largestBatches, largestOfRun } from "./largest.ts";

/** One batch, by its sizes. */
export interface Load {
  /** Tokens of each document; they lie end to end. */
  lengths: readonly number[];
  /** Tokens that the loss learns from. */
  learned: number;
  /** The batch itself, where it is one of the run's. */
  batch?: Batch;
}

/** What of a run's data decides about memory and time. */
export interface Work {
  /** Steps that may need the most memory: the largest batch that begins a step, and the largest that follows in one. */
  steps: readonly (readonly Load[])[];
  /** Tokens of the longest row. */
  longestRow: number;
  /** The largest batch of evaluation, where there is one. */
  evaluation?: Load;
  /** Tokens of an optimizer step, as a mean over the run. */
  tokensPerStep: number;
  /** Optimizer steps of the whole run; absent where the data is not known. */
  totalSteps?: number;
}

/** Tokens of a batch. */
export const tokensOf = ({ lengths }: Load): number => lengths.reduce((sum, length) => sum + length, 0);

/** The work of a run. Without data, every row is as long as `cutoff_len` and all of it is learned. */
export function workOf(recipe: Recipe, data?: Pick<Prepared, "train" | "evals">): Work {
  const { perDeviceTrainBatchSize: batchSize, gradientAccumulationSteps: accumulate, cutoffLen } = recipe;
  if (!data) {
    const full = (rows: number): Load => ({ lengths: Array(rows).fill(cutoffLen), learned: rows * (cutoffLen - 1) });
    return {
      steps: [Array(Math.min(accumulate, 2)).fill(full(batchSize))],
      longestRow: cutoffLen,
      evaluation: recipe.doEval ? full(recipe.perDeviceEvalBatchSize) : undefined,
      tokensPerStep: batchSize * cutoffLen * accumulate,
    };
  }
  const { totalSteps, stepsPerEpoch } = planSteps(data.train, recipe);
  const { first, later, longestRow } = largestOfRun(data.train, recipe);
  return {
    steps: first.map((load, i) => [load, later[i]].filter((load) => load !== undefined)),
    longestRow,
    evaluation: recipe.doEval ? largestOf(Object.values(data.evals), recipe.perDeviceEvalBatchSize) : undefined,
    tokensPerStep: stepsPerEpoch ? data.train.tokens / stepsPerEpoch : 0,
    totalSteps,
  };
}

/** The batch with the most tokens of all evaluation sets, which are gone through in their order. */
function largestOf(sets: EncodedSet[], batchSize: number): Load | undefined {
  const loads = sets.flatMap((set) => largestBatches(set, { batchSize, shuffle: false }, Infinity).first);
  return loads.toSorted((a, b) => tokensOf(b) - tokensOf(a))[0];
}

/** The settings that decide how large batches are. */
type Sizes = Pick<Recipe, "perDeviceTrainBatchSize" | "cutoffLen" | "gradientAccumulationSteps">;

/** The work of the same run with other sizes of batches. */
export function resized(work: Work, before: Sizes, after: Sizes): Work {
  const same = (["perDeviceTrainBatchSize", "cutoffLen", "gradientAccumulationSteps"] as const)
    .every((name) => before[name] === after[name]);
  if (same) return work;
  const batches = after.gradientAccumulationSteps > 1 ? 2 : 1;
  const steps = work.steps.map(([first, later = first]) =>
    [first, later].slice(0, batches).map((load) => cut(load, work, before, after))
  );
  return { ...work, steps, longestRow: Math.min(work.longestRow, after.cutoffLen) };
}

/** The largest batch that fewer rows and a shorter cutoff can make: no more rows than the longest, no more tokens than now. */
function cut(
  load: Load,
  { longestRow }: Work,
  before: Sizes,
  { perDeviceTrainBatchSize: rows, cutoffLen }: Sizes,
): Load {
  if (rows === before.perDeviceTrainBatchSize && cutoffLen === before.cutoffLen) return load;
  const most = Math.min(tokensOf(load), rows * Math.min(longestRow, cutoffLen));
  const lengths: number[] = [];
  let left = most;
  for (const length of load.lengths.toSorted((a, b) => b - a)) {
    const taken = Math.min(length, cutoffLen, left);
    if (taken > 0) lengths.push(taken);
    left -= taken;
  }
  return { lengths, learned: Math.min(load.learned, tokensOf({ lengths, learned: 0 })) };
}

/** A set with a document of each length, one a row, whose numbers mean nothing; the last tokens are learned. */
export function setOf({ lengths, learned }: Load): EncodedSet {
  const offsets = new Float64Array(lengths.length + 1);
  lengths.forEach((length, i) => offsets[i + 1] = offsets[i] + length);
  const ids = new Int32Array(offsets[lengths.length]), labels = new Int32Array(ids.length).fill(IGNORED);
  let left = learned;
  for (const [i, length] of lengths.entries()) {
    const here = Math.min(left, length - 1); // the first token of a document is never predicted
    labels.fill(0, offsets[i + 1] - here, offsets[i + 1]);
    left -= here;
  }
  return new EncodedSet({ ids, labels, offsets }, oneEach(Int32Array.from(lengths.keys())), "");
}

/** The batch, or one of its sizes. */
export const batchFor = (load: Load): Batch => load.batch ?? setOf(load).batch(load.lengths.map((_, row) => row));
