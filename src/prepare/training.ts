import type { EncodedSet } from "../data/mod.ts";
import { LossScale, type Named, Optimizer, OPTIMIZERS } from "../optim/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { type Making, type Parts, type Stage, STAGES } from "../stages/mod.ts";
import { Feed, type Judge, type LoopOptions, type Objective, type StepPlan, stepsOf } from "../train/mod.ts";
import type { SavedWeights } from "../weights/mod.ts";
import { loadTrainee, type Trainee, type TraineeOptions } from "./trainee.ts";

/** Everything that a run trains with: the model, the stage's parts, the loss, the optimizer. */
export interface Training extends Disposable {
  trainee: Trainee;
  /** The parameters that train: the policy's, then the stage's own. */
  named: readonly Named[];
  /** The files that contain what is trained. */
  saved: readonly SavedWeights[];
  objective: Objective;
  judge: Judge;
  optimizer: Optimizer;
  feed: Feed;
  /** What the loss is multiplied by, where the model computes in fp16. */
  scale?: LossScale;
  /** The batches of each step of a run from `start` on: those of the training data, or those that the stage makes. */
  steps(train: EncodedSet, plan: StepPlan, start: number): LoopOptions["steps"];
}

/**
 * Loads the model of a recipe and makes everything that its stage trains it with. The stage's own parts are made after the
 * model and disposed before it.
 */
export async function prepareTraining(recipe: Recipe, options: TraineeOptions): Promise<Training> {
  const stage: Stage = STAGES[recipe.stage];
  using made = new DisposableStack(); // disposes what was made if the rest fails
  const trainee = made.use(await loadTrainee(recipe, options)), { model } = trainee;
  const feed = made.use(new Feed(model.placement.device));
  const making: Making = { model, recipe, feed };
  const parts = made.use(await stage.parts?.(making) ?? NONE);
  const named = [...trainee.named, ...parts.named ?? []];
  const optimizer = made.use(makeOptimizer(named, trainee, recipe));
  const all = made.move();
  return {
    ...{ trainee, named, optimizer, feed },
    saved: [trainee.saved, ...parts.saved ?? []],
    objective: stage.objective(making, parts),
    judge: stage.judge(making, parts),
    scale: model.placement.dtype === "f16" ? new LossScale() : undefined,
    steps: (train, plan, start) =>
      stage.steps?.(making, parts, { train, start }) ?? stepsOf(train, recipe, plan, start),
    [Symbol.dispose]: () => all.dispose(),
  };
}

/** The parts of a stage that owns nothing. */
const NONE: Parts = { [Symbol.dispose]: () => {} };

/** Allocates the optimizer, which takes ownership of the masters. */
function makeOptimizer(named: readonly Named[], { masters }: Trainee, recipe: Recipe): Optimizer {
  return new Optimizer(named, OPTIMIZERS[recipe.optim](recipe), { pureBf16: recipe.pureBf16, masters });
}
