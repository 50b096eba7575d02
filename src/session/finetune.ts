import config from "../../deno.json" with { type: "json" };
import { inspectModel } from "../adapters/mod.ts";
import type { EncodedSet } from "../data/mod.ts";
import { located } from "../hub/mod.ts";
import { adviceFor, advised, forecast, forewords, refuseImpossible, roomOn } from "../plan/mod.ts";
import { outOfMemory } from "../plan/out_of_memory.ts";
import { checkFirst, prepareData, prepareTraining, type Training } from "../prepare/mod.ts";
import { writeRecipe } from "../recipe/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { openReporter, type Plan, Waiting } from "../report/mod.ts";
import { openRun, Signals } from "../run/mod.ts";
import { capability, float32Products, manualSeed, memory, pickDevice, threads } from "../tensor/mod.ts";
import { trainedFolders } from "../tokenizer/mod.ts";
import { ALONE, inSteps, planSteps, Rate, type StepPlan, train } from "../train/mod.ts";
import { withEnds } from "../weights/mod.ts";
import { Checkpoints } from "./checkpoints.ts";
import { endRun } from "./ending.ts";
import { Evaluator } from "./evaluator.ts";
import { readReport, restore, type RunState } from "./run_state.ts";
import { runSteps } from "./run_steps.ts";
import { differences, sameness } from "./sameness.ts";
import type { Session } from "./session.ts";

/** Seconds that the rest of a step may take once the run has to stop; half of what schedulers usually grant. */
const GRACE = 15;

/**
 * One run from a recipe to its folder: data, model, loop, checkpoints, final weights. The stage decides what the run
 * learns and how; everything here is shared by all stages.
 *
 * @param given the recipe as the user wrote it, with models and data by name
 */
export async function finetune(given: Recipe): Promise<void> {
  using waiting = new Waiting({ quiet: given.quiet || given.json });
  const say = (sentence: string) => waiting.say(sentence);
  using signals = new Signals({ say });
  signals.atOnce = true; // until the first step
  if (given.threads) threads(given.threads);
  using run = await openRun(given); // first, so that an unusable folder is refused before anything takes time
  run.notes.forEach(say);
  pickDevice(given.device); // so is a device that is not here, and a name that is wrong
  checkFirst(given);
  const recipe = await located(given, { listener: waiting }); // with folders in place of names; what is written keeps names
  const inspected = await inspectModel(recipe), { device } = inspected, room = roomOn(device);
  await refuseImpossible(await forecast(recipe, { device }), room, given); // before minutes are spent on the data
  const { tokenizer, data, stops } = await prepareData(recipe, { vocabSize: inspected.config.vocabSize, waiting });
  const prepared = { data, vocabulary: tokenizer.vocabulary };
  const expected = await forecast(recipe, { device, prepared });
  (await forewords(expected, room)).forEach(say);

  const reached = { doing: "begin training", checkpoint: run.resume?.folder };
  try {
    manualSeed(recipe.seed);
    float32Products(device, recipe);
    if (recipe.tf32 && capability(device) < 8) say("tf32 = true changes nothing: it acts on GPUs of Ampere and newer");
    using training = await prepareTraining(recipe, {
      vocabulary: tokenizer.vocabulary,
      onNote: say,
      onProgress: (share) => waiting.share("Reading the model", share),
    });
    const steps = planSteps(data.train, recipe), rate = new Rate(recipe, steps.totalSteps);
    const texts = Object.assign({}, ...training.saved.map((saved) => saved.texts));
    const { model } = training.trainee, folders = trainedFolders(recipe);
    const state: RunState = {
      texts: await withEnds(texts, { tokenizer, stops, folders, config: model.config }),
      ...{ training, rate, tokenizer, skippedInARow: 0, withoutBest: 0, owesEvaluation: false },
      sameness: sameness(given, data.train, steps),
    };
    const before = run.resume && await readReport(run.resume.folder);
    if (run.resume) differences(await restore(state, run.resume.folder), state.sameness).forEach(say);

    await run.begin(writeRecipe(given));
    const timed = inSteps(given, steps.totalSteps); // what is written keeps shares
    const published = { ...timed, modelNameOrPath: recipe.modelName };
    const report = await openReporter(run.folder, published, {
      version: config.version,
      state: before,
      memory: () => memory(device),
    });
    const plan = planOf(training, data.train, recipe, steps);
    const evaluator = new Evaluator(recipe, data.evals, state, report, () => signals.stopRequested);
    const checkpoints = new Checkpoints(timed, run, state, plan, report);

    report.start(plan);
    signals.atOnce = false;
    reached.doing = "continue training";
    const start = run.resume?.step ?? 0, ranks = ALONE;
    const session: Session = {
      ...{ recipe: timed, run, plan: steps, state, report, evaluator, checkpoints, signals, ranks, say },
    };
    const { objective, optimizer, feed, scale } = training;
    const loop = train({
      steps: training.steps(data.train, steps, start),
      ...{ objective, optimizer, device, scale, feed, start, ranks },
      maxGradNorm: recipe.maxGradNorm,
      learningRate: (index) => rate.at(index),
      giveUp: (seconds) => signals.stopRequested && seconds > GRACE,
    });
    try {
      await endRun(session, recipe.doTrain ? await runSteps(session, loop, start) : { step: start, finished: true });
    } catch (error) {
      await checkpoints.settle().catch(() => {}); // whatever went wrong, the save in flight is worth having
      if (checkpoints.newest !== undefined) reached.checkpoint = checkpoints.folderOf(checkpoints.newest);
      throw error;
    }
  } catch (error) {
    const advice = async () => advised(await adviceFor(expected, room.bytes));
    throw await outOfMemory(error, { ...reached, device, advice });
  }
}

/** What the report says about the run as a whole. */
function planOf(
  { trainee: { model }, named }: Training,
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
