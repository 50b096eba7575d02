import config from "../../deno.json" with { type: "json" };
import type { EncodedSet } from "../data/mod.ts";
import { located } from "../hub/mod.ts";
import type { CausalLm } from "../models/mod.ts";
import { adviceFor, advised, forewords } from "../plan/mod.ts";
import { writeRecipe } from "../recipe/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { openReporter, type Plan, Waiting } from "../report/mod.ts";
import { openRun, Signals } from "../run/mod.ts";
import { capability, float32Products, manualSeed, memory, threads } from "../tensor/mod.ts";
import { inspectModel } from "../adapters/mod.ts";
import { Evaluator } from "./best.ts";
import { readReport, restore, type RunState } from "./checkpoint.ts";
import { follow, GRACE } from "./course.ts";
import { dataOf } from "../prepare/data.ts";
import { endRun } from "./ending.ts";
import { Feed } from "../train/feed.ts";
import { forecast, refuseImpossible, roomOn } from "../plan/forecast.ts";
import { train } from "../train/loop.ts";
import type { Objective } from "../train/objective.ts";
import { outOfMemory } from "../plan/out_of_memory.ts";
import { planSteps, type StepPlan, stepsOf } from "../train/steps.ts";
import { Rate } from "../train/rate.ts";
import { differences, sameness } from "./sameness.ts";
import { Checkpoints } from "./saving.ts";
import { lossScaleOf, optimizerOf, traineeOf } from "../prepare/trainee.ts";

/**
 * One run from a recipe to its folder: data, model, loop, checkpoints, final weights. A stage gives the objective; all
 * that stages share is here.
 */
export async function finetune(given: Recipe, objectiveOf: (model: CausalLm, feed: Feed) => Objective): Promise<void> {
  using waiting = new Waiting({ quiet: given.quiet || given.json });
  const say = (sentence: string) => waiting.say(sentence);
  using signals = new Signals({ say });
  signals.atOnce = true; // until the first step
  if (given.threads) threads(given.threads);
  using run = await openRun(given); // first: a folder that cannot be used is known before anything takes time
  run.notes.forEach(say);
  const recipe = await located(given, { listener: waiting }); // folders are read; what is written keeps the names given
  const inspected = await inspectModel(recipe), { device } = inspected, room = roomOn(device);
  refuseImpossible(forecast(recipe, { inspected, device }), room, given); // before minutes are spent on the data
  const { tokenizer, data } = await dataOf(recipe, { vocabSize: inspected.config.vocabSize, waiting });
  const prepared = { data, vocabulary: tokenizer.vocabSize };
  const expected = forecast(recipe, { inspected, device, prepared });
  forewords(expected, room).forEach(say);

  const reached = { doing: "begin training", checkpoint: run.resume?.folder };
  try {
    manualSeed(recipe.seed);
    float32Products(device, recipe);
    if (recipe.tf32 && capability(device) < 8) say("tf32 = true changes nothing: it acts on GPUs of Ampere and newer");
    using trainee = await traineeOf(recipe, {
      vocabulary: tokenizer.vocabSize,
      onNote: say,
      onProgress: (share) => waiting.share("Reading the model", share),
    });
    const { model, named } = trainee;
    using optimizer = optimizerOf(trainee, recipe);
    using feed = new Feed(device);
    const scale = lossScaleOf(trainee);
    const steps = planSteps(data.train, recipe);
    const rate = new Rate(recipe, steps.totalSteps);
    const state: RunState = {
      ...{ trainee, optimizer, rate, scale, tokenizer, skippedInARow: 0, withoutBest: 0, owesEvaluation: false },
      sameness: sameness(recipe, data.train),
    };
    const before = run.resume && await readReport(run.resume.folder);
    if (run.resume) differences(await restore(state, run.resume.folder), state.sameness).forEach(say);

    await run.begin(writeRecipe(given));
    const published = { ...given, modelNameOrPath: recipe.modelName };
    const report = await openReporter(run.folder, published, {
      version: config.version,
      state: before,
      memory: () => memory(device),
    });
    const plan = planOf(model, named, data.train, recipe, steps);
    const evaluator = new Evaluator(recipe, data.evals, state, report, () => signals.stopRequested);
    const checkpoints = new Checkpoints(given, run, state, plan, report);

    report.start(plan);
    signals.atOnce = false;
    reached.doing = "go on training";
    const start = run.resume?.step ?? 0;
    const scene = { recipe: given, run, plan: steps, model, state, report, evaluator, checkpoints, signals, say };
    const loop = train({
      steps: stepsOf(data.train, recipe, steps, start),
      objective: objectiveOf(model, feed),
      ...{ optimizer, device, scale, feed, start },
      maxGradNorm: recipe.maxGradNorm,
      learningRate: (index) => rate.at(index),
      giveUp: (seconds) => signals.stopRequested && seconds > GRACE,
    });
    try {
      await endRun(scene, recipe.doTrain ? await follow(scene, loop, start) : { step: start, finished: true });
    } catch (error) {
      await checkpoints.settle().catch(() => {}); // whatever went wrong, the save in flight is worth having
      if (checkpoints.newest !== undefined) reached.checkpoint = checkpoints.folderOf(checkpoints.newest);
      throw error;
    }
  } catch (error) {
    throw outOfMemory(error, { ...reached, device, advice: advised(adviceFor(expected, room.bytes)) });
  }
}

function planOf(
  model: CausalLm,
  named: readonly (readonly [string, { size: number }])[],
  set: EncodedSet,
  recipe: Recipe,
  { totalSteps, epochs }: StepPlan,
): Plan {
  const count = (all: Iterable<readonly [string, { size: number }]>) => [...all].reduce((n, [, p]) => n + p.size, 0);
  const parameters = count(model.parameters());
  const batchSize = recipe.perDeviceTrainBatchSize;
  return {
    totalSteps,
    epochs,
    rows: set.rows,
    rowsPerStep: batchSize * recipe.gradientAccumulationSteps,
    batchSize,
    parameters,
    trainable: count(named),
    flopsPerToken: 6 * (parameters - model.model.embedTokens.weight.size), // HF's estimate
  };
}
