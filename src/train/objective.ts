import type { Batch } from "../data/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** What a training step minimises, and the further numbers that it reports. */
export interface Objective {
  /**
   * How many things the loss of a batch is summed over: learned tokens, pairs, rows. Known before the pass, because
   * gradients are divided by the total over all batches of a step.
   */
  count(batch: Batch): number;
  /**
   * The metrics, by their names in the log ("accuracy", "rewards/chosen"): for each, what a batch's sum is divided by. A
   * step in which a metric's divisors add up to 0 does not report it.
   */
  readonly metrics: Readonly<Record<string, (batch: Batch) => number>>;
  /** Forward pass over one batch. Called inside a scope. */
  run(batch: Batch): Outcome;
}

/** What an objective computed for one batch. */
export interface Outcome {
  /** fp32 number, summed over what `count` counts; its backward gives the gradients of that sum. */
  loss: Tensor;
  /** A number on the device for each metric of the objective, not divided yet. */
  sums: Readonly<Record<string, Tensor>>;
  /** To be called after `loss.backward()`: the rest of the backward pass, below the cut that recomputation makes. */
  finish(): void;
}

/** A sum and what it is divided by. */
export interface Share {
  sum: number;
  of: number;
}

/** How a stage evaluates: means over a set of numbers that it works out batch by batch. */
export interface Judge {
  /** Names of the means without `eval_`: what `metric_for_best_model` can name besides those that `derive` adds. */
  readonly metrics: readonly string[];
  /** One batch, without gradients: what it adds to each mean. A metric that is left out counts nothing. */
  run(batch: Batch): Readonly<Record<string, Share>>;
  /** Metrics that follow from the means, by name: perplexity from loss. */
  readonly derived?: Readonly<Record<string, (means: Readonly<Record<string, number>>) => number>>;
}

/** Names of everything that an evaluation reports, without `eval_`. */
export const metricsOf = ({ metrics, derived = {} }: Judge): string[] => [...metrics, ...Object.keys(derived)];
