import { prepareTraining, type Training } from "../prepare/mod.ts";
import type { Vocabulary } from "../models/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { type Device, DryRun, float32Products, type Peak } from "../tensor/mod.ts";
import { evaluate, type Objective, train } from "../train/mod.ts";
import { batchFor, setOf, type Work } from "./work.ts";

/** A run, as far as its model and optimizer depend on it. */
export interface Rehearsed {
  /** With folders in place of names. */
  recipe: Recipe;
  /** Need not be here. */
  device: Device;
  /** The tokenizer's vocabulary; without tokens: no more than the model has rows for. */
  vocabulary: Vocabulary;
}

/** What a run trains with, without numbers; it ends with the dry run. */
export interface Rehearsal {
  training: Training;
  /** The most memory that making it takes. */
  loading: Peak;
  /** Makes the steps and the evaluation of some work, and gives the most memory that they take. */
  steps: (work: Work) => Promise<Peak>;
}

/**
 * Makes everything that a run trains with, without numbers, and lets `fn` make steps with it. This is the run's own code:
 * loading, stage, optimizer and loop. Nothing about them is declared here; what they take is what they allocate. No other dry
 * run may be open, and nothing else may make tensors meanwhile.
 *
 * @throws {FtxError} What loading would end with: a layer, a module or a block that the settings name is not there.
 */
export async function rehearse<T>(rehearsed: Rehearsed, fn: (parts: Rehearsal) => Promise<T>): Promise<T> {
  const { recipe, device, vocabulary } = rehearsed;
  using run = new DryRun(device);
  run.doing("loading", "weights");
  float32Products(device, recipe);
  using training = await prepareTraining({ ...recipe, device }, { vocabulary, onNote: () => {} });
  for (const [, t] of training.optimizer.state()) run.count(t, "optimizer");
  const steps = async (work: Work) => {
    run.restart();
    await makeSteps(run, training, recipe, work);
    return run.peak;
  };
  return await fn({ training, loading: run.peak, steps });
}

/** The steps with the largest batches, then the largest batch of evaluation. */
async function makeSteps(run: DryRun, training: Training, recipe: Recipe, { steps, evaluation }: Work) {
  const { trainee: { model }, optimizer, feed, scale } = training;
  const loop = train({
    steps: recipe.doTrain ? steps.map((loads) => loads.map(batchFor)) : [],
    objective: followed(run, training),
    ...{ optimizer, feed, scale, device: feed.device, maxGradNorm: recipe.maxGradNorm },
    learningRate: () => 0,
  });
  for await (const _ of loop);
  if (!evaluation) return;
  run.doing("evaluation", "activations");
  await evaluate(model, training.judge, setOf(evaluation), { batchSize: evaluation.lengths.length });
}

/** The objective, telling the dry run what is being done; gradients that reach the parameters count as such. */
function followed(run: DryRun, { objective, named }: Training): Objective {
  return {
    ...objective,
    run(batch) {
      run.doing("the forward pass", "activations");
      const outcome = objective.run(batch);
      run.doing("the backward pass", "activations");
      const finish = () => {
        run.doing("the backward pass of a recomputed block", "activations");
        outcome.finish();
        for (const [, { grad }] of named) if (grad) run.count(grad, "gradients");
        run.doing("the optimizer's step", "gradients");
      };
      return { ...outcome, finish };
    },
  };
}
