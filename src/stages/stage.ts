import type { CausalLm } from "../models/mod.ts";
import type { Named } from "../optim/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import type { Batch, EncodedSet, Task } from "../data/mod.ts";
import type { Feed } from "../train/feed.ts";
import type { Judge, Objective } from "../train/objective.ts";
import type { SavedWeights } from "../weights/mod.ts";

/**
 * A way of training. What all stages share (data, model, optimizer, loop, checkpoints, reports) lies elsewhere; a stage
 * says only what is its own.
 */
export interface Stage<P extends Parts = Parts> {
  /** What the stage learns from: how the rows of its data become documents. */
  readonly task: Task;
  /** What the stage owns besides the policy. Made once a run, after the model; the run disposes it. */
  parts?(making: Making): P | Promise<P>;
  /** The loss. `parts` are those that `parts()` made. */
  objective(making: Making, parts: P): Objective;
  /** How a set is evaluated. */
  judge(making: Making, parts: P): Judge;
  /**
   * The batches of each step from `start` on, where they are made while training goes on (rollouts). Default: those of the
   * training data, in its order.
   */
  steps?(making: Making, parts: P, from: { train: EncodedSet; start: number }): AsyncIterable<readonly Batch[]>;
}

/** What a stage is given. */
export interface Making {
  /** The policy: the model that trains. */
  readonly model: CausalLm;
  readonly recipe: Recipe;
  /** Brings training batches to the model's device. */
  readonly feed: Feed;
}

/** What a stage owns besides the policy: a reference, a reward model, a value head. */
export interface Parts extends Disposable {
  /** Parameters that train along with the policy's; their names must differ from the policy's. */
  readonly named?: readonly Named[];
  /** Files that are saved next to the policy's, in checkpoints and at the run's end. */
  readonly saved?: readonly SavedWeights[];
}
