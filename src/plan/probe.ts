import type { Batch, EncodedSet } from "../data/mod.ts";
import type { Vocabulary } from "../models/mod.ts";
import type { Probed } from "./mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import type { Waiting } from "../report/mod.ts";
import { float32Products, manualSeed, memory, pickDevice } from "../tensor/mod.ts";
import { largestOfRun } from "./largest.ts";
import { prepareTraining } from "../prepare/mod.ts";
import { planSteps, Rate, stepsOf, train } from "../train/mod.ts";

/** Steps that are made. */
const STEPS = 3;

/**
 * Loads a run's model and makes three of its steps, of which nothing is written: the first with the run's largest batch, for
 * the memory and to warm up, the others those that the run begins with, for the pace.
 */
export async function probe(
  recipe: Recipe,
  { set, vocabulary, waiting }: { set: EncodedSet; vocabulary: Vocabulary; waiting: Waiting },
): Promise<Probed> {
  manualSeed(recipe.seed);
  const device = pickDevice(recipe.device);
  float32Products(device, recipe);
  using training = await prepareTraining(recipe, {
    vocabulary,
    onNote: (sentence) => waiting.say(sentence),
    onProgress: (share) => waiting.share("Reading the model", share),
  });
  const { objective, optimizer, feed, scale } = training;
  const plan = planSteps(set, recipe), rate = new Rate(recipe, plan.totalSteps);
  const loop = train({
    steps: probed(set, recipe),
    ...{ objective, optimizer, feed, device, scale },
    maxGradNorm: recipe.maxGradNorm,
    learningRate: (index) => rate.at(index),
  });
  let tokensPerSecond = 0, began = 0;
  for await (const done of loop) {
    waiting.tell(`Probing: step ${done.step} of ${STEPS}`);
    const now = performance.now(); // the faster one counts: a CPU's kernels are compiled for each size they have not met
    if (done.step > 1) tokensPerSecond = Math.max(tokensPerSecond, done.tokens / (now - began) * 1000);
    began = now;
  }
  waiting.clear();
  const stepsPerSecond = tokensPerSecond / (set.tokens / plan.stepsPerEpoch); // at the run's mean step
  return { peak: memory(device).peak, tokensPerSecond, stepsPerSecond, seconds: plan.totalSteps / stepsPerSecond };
}

/** A step of the largest batch that begins one and the largest that follows, then the run's first steps. */
function* probed(set: EncodedSet, recipe: Recipe): Generator<Batch[]> {
  const { first: [first], later: [later] } = largestOfRun(set, recipe);
  yield [first, later].filter((batch) => batch !== undefined).map(({ batch }) => batch);
  yield* stepsOf(set, recipe, { ...planSteps(set, recipe), totalSteps: STEPS - 1 }, 0);
}
