import config from "../../deno.json" with { type: "json" };
import { DivergedError } from "../errors.ts";
import type { EncodedSet } from "../data/mod.ts";
import { AdamW } from "../optim/mod.ts";
import { writeRecipe } from "../recipe/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { openReporter, type Plan, type Reporter, standard } from "../report/mod.ts";
import { openRun, type Run, Saver, Signals, writeFolder } from "../run/mod.ts";
import { fastFloat32, manualSeed, memory, shimVersion, threads } from "../tensor/mod.ts";
import type { CausalLm } from "../models/mod.ts";
import { bytesOfTensor, inspectModel, writeSafetensors } from "../weights/mod.ts";
import { Evaluator } from "./best.ts";
import { checkpointFiles, readReport, restore, type RunState, writeBeside } from "./checkpoint.ts";
import { dataOf } from "./data.ts";
import { train } from "./loop.ts";
import type { Objective } from "./objective.ts";
import { planSteps, type StepPlan, stepsOf } from "./plan.ts";
import { Rate } from "./rate.ts";
import { restoreWeights, traineeOf } from "./trainee.ts";

/**
 * One run from a recipe to its folder: data, model, loop, checkpoints, final weights. A stage gives the objective; all
 * that stages share is here.
 */
export async function finetune(recipe: Recipe, objectiveOf: (model: CausalLm) => Objective): Promise<void> {
  const say = speaker(recipe);
  using signals = new Signals({ say });
  if (recipe.threads) threads(recipe.threads);
  const { vocabSize } = await inspectModel(recipe);
  const { tokenizer, data } = await dataOf(recipe, { vocabSize, say });
  using run = await openRun(recipe);
  run.notes.forEach(say);

  manualSeed(recipe.seed);
  fastFloat32();
  using trainee = await traineeOf(recipe, { vocabulary: tokenizer.vocabSize, onNote: say });
  const { model, named, masters } = trainee;
  const { adamBeta1: beta1, adamBeta2: beta2, adamEpsilon: eps, weightDecay, pureBf16 } = recipe;
  using optimizer = new AdamW(named, { beta1, beta2, eps, weightDecay, pureBf16, masters });
  const steps = planSteps(data.train, recipe);
  const rate = new Rate(recipe, steps.totalSteps);
  const state: RunState = { trainee, optimizer, rate, tokenizer, skippedInARow: 0, withoutBest: 0 };
  const before = run.resume && await readReport(run.resume.folder);
  if (run.resume) await restore(state, run.resume.folder);

  await run.begin(writeRecipe(recipe));
  const report = await openReporter(run.folder, recipe, { version: config.version, state: before, memory });
  const plan = planOf(model, named, data.train, recipe, steps);
  const evaluator = new Evaluator(recipe, data.evals, state, report);
  const saver = saverOf(recipe, run, report);
  const save = async (step: number) => {
    const { files, bytes } = checkpointFiles(
      state,
      { state: report.state, plan, settings: recipe },
      recipe.saveOnlyModel,
    );
    await saver.save(step, files, bytes);
  };

  report.start(plan);
  let step = run.resume?.step ?? 0, saved = step, stopped: string | undefined;
  if (recipe.doTrain) {
    const loop = train({
      steps: stepsOf(data.train, recipe, steps, step),
      objective: objectiveOf(model),
      optimizer,
      maxGradNorm: recipe.maxGradNorm,
      learningRate: (index) => rate.at(index),
      device: model.placement.device,
      start: step,
    });
    for await (const done of loop) {
      step = done.step;
      const last = step === steps.totalSteps, endsEpoch = step % steps.stepsPerEpoch === 0 || last;
      report.step({ ...done, epoch: step / steps.stepsPerEpoch, metrics: { accuracy: done.accuracy }, endsEpoch });
      state.skippedInARow = done.skipped ? state.skippedInARow + 1 : 0;
      const diverged = done.skipped && state.skippedInARow > recipe.maxSkippedSteps;
      const saves = due(recipe.saveStrategy, step, recipe.saveSteps, endsEpoch);
      if (due(recipe.evalStrategy, step, recipe.evalSteps, endsEpoch) && !diverged) {
        const better = await evaluator.run(
          model,
          step,
          step / steps.stepsPerEpoch,
          saves && `${run.folder}/checkpoint-${step}`,
        );
        if (better && saves) saver.best = step;
        if (evaluator.exhausted) stopped = `${recipe.earlyStoppingSteps} evaluations without a new best`;
      }
      if (signals.stopRequested && !last) stopped = signals.stoppedBy;
      const ends = last || stopped !== undefined || diverged;
      if (saves || signals.takeSaveRequest() || (ends && recipe.saveStrategy !== "no")) {
        await save(saved = step);
      }
      if (diverged) {
        await saver.settle();
        await report.end({ stopped: "not finite", finished: false });
        throw new DivergedError(
          `Cannot go on training at step ${step}: loss or gradient was not finite ${state.skippedInARow} steps in a row; ` +
            `the weights are those of the last finite step${saved === step ? ` (checkpoint-${step})` : ""}; ` +
            "lower learning_rate or look at the data",
        );
      }
      if (ends) break;
    }
  }

  await saver.settle();
  if (signals.stopRequested && stopped && !evaluator.exhausted) {
    await report.end({ stopped, finished: false });
    say(`Stopped by ${stopped} after step ${step}; go on with --resume`);
    Deno.exitCode = signals.exitCode ?? 0;
    return;
  }
  if (recipe.loadBestModelAtEnd && report.best?.checkpoint) await restoreWeights(trainee, report.best.checkpoint);
  if (recipe.doEval) await evaluator.finish(model, step, step / steps.stepsPerEpoch);
  if (recipe.doTrain) await writeResult(run, state);
  await report.end({ stopped, finished: true });
}

/** Whether something with a strategy happens after this step. */
const due = (strategy: "no" | "steps" | "epoch", step: number, every: number, endsEpoch: boolean): boolean =>
  strategy === "steps" ? step % every === 0 : strategy === "epoch" && endsEpoch;

/** Says a sentence on stderr, unless only results are wanted. */
function speaker({ quiet, json }: Recipe): (sentence: string) => void {
  const out = standard("stderr");
  return (sentence) => quiet || json ? undefined : out.write(sentence + "\n");
}

function saverOf(recipe: Recipe, run: Run, report: Reporter): Saver {
  return new Saver(run.folder, {
    facts: { ftx: config.version, libtorch: shimVersion(), run: run.id },
    limit: recipe.saveTotalLimit,
    writeSafetensors,
    warn: (sentence) => report.warn(sentence),
    resumed: run.resume?.step,
  });
}

/** Weights of an earlier content of the folder. */
const OLD = /^(adapter_)?model.*\.safetensors(\.index\.json)?$/;

/** Writes the final adapter or model into the run's folder. */
async function writeResult(run: Run, state: RunState) {
  const { saved } = state.trainee;
  await writeFolder(run.folder, async (writer) => {
    const tensors = Array.from(saved.tensors(), ([name, t]) => [name, bytesOfTensor(t)] as const);
    await writer.safetensors(`${saved.stem}.safetensors`, tensors);
    await writeBeside(state, writer);
  }, { writeSafetensors, supersedes: OLD });
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
