import { DivergedError } from "../errors.ts";
import type { CausalLm } from "../models/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import type { Reporter } from "../report/mod.ts";
import type { Signals } from "../run/mod.ts";
import type { Evaluator } from "./best.ts";
import type { RunState } from "./checkpoint.ts";
import type { Done } from "../train/loop.ts";
import { epochAt, type StepPlan } from "../train/steps.ts";
import type { Checkpoints } from "./saving.ts";

/** Seconds that the rest of a step may take once the run has to stop; half of what schedulers usually grant. */
export const GRACE = 15;

/** The parts of a run while it trains. */
export interface Scene {
  recipe: Recipe;
  plan: StepPlan;
  model: CausalLm;
  state: RunState;
  report: Reporter;
  evaluator: Evaluator;
  checkpoints: Checkpoints;
  signals: Signals;
}

/** How training ended. */
export interface Course {
  /** The last step that was done. */
  step: number;
  /** False when a signal stopped it before its last step or evaluation. */
  finished: boolean;
  /** Why it finished before the last step of the plan. */
  stopped?: string;
}

/**
 * What happens after each step: a report, and where due an evaluation and a save; and all the reasons to stop before the
 * last one.
 *
 * @param steps as they are done, from `start` on
 * @param start steps done before this process
 * @throws {DivergedError} Too many steps in a row were not finite.
 * @throws {StorageError} Too many saves in a row failed.
 */
export async function follow(scene: Scene, steps: AsyncIterable<Done>, start: number): Promise<Course> {
  const { recipe, plan, model, state, report, evaluator, checkpoints, signals } = scene;
  const judge = (step: number, saves: boolean) =>
    evaluator.run(model, step, epochAt(step, plan), saves ? checkpoints.folderOf(step) : undefined);
  const saving = recipe.saveStrategy !== "no";

  let step = start, saved = step;
  if (state.owesEvaluation) await judge(step, true);
  for await (const done of evaluator.exhausted || state.owesEvaluation ? [] : steps) {
    checkpoints.check();
    step = done.step;
    const last = step === plan.totalSteps, endsEpoch = step % plan.stepsPerEpoch === 0 || last;
    report.step({ ...done, epoch: epochAt(step, plan), metrics: { accuracy: done.accuracy }, endsEpoch });
    if (!done.overflowed) state.skippedInARow = done.skipped ? state.skippedInARow + 1 : 0;
    const diverged = state.skippedInARow >= recipe.maxSkippedSteps;

    const regular = due(recipe.saveStrategy, step, recipe.saveSteps, endsEpoch) || saving && last;
    const evaluates = !diverged && due(recipe.evalStrategy, step, recipe.evalSteps, endsEpoch);
    const best = evaluates && await judge(step, regular || recipe.loadBestModelAtEnd) === "best";
    const stops = last || diverged || evaluator.exhausted || signals.stopRequested;
    const asked = signals.takeSaveRequest();
    if (regular || asked || saving && stops || best && recipe.loadBestModelAtEnd) await checkpoints.save(saved = step);
    if (diverged) throw await divergence(scene, step);
    if (stops) break;
  }

  const finished = evaluator.exhausted || step >= plan.totalSteps && !state.owesEvaluation;
  if (!finished && saving && saved < step) await checkpoints.save(step); // a step was given up
  await checkpoints.settle();
  const early = finished && step < plan.totalSteps;
  return { step, finished, stopped: early ? `${recipe.earlyStoppingSteps} evaluations without a new best` : undefined };
}

/** Whether something with a strategy happens after this step. */
const due = (strategy: "no" | "steps" | "epoch", step: number, every: number, endsEpoch: boolean): boolean =>
  strategy === "steps" ? step % every === 0 : strategy === "epoch" && endsEpoch;

/** The error of a run whose steps are not finite any more, once its last checkpoint is written. */
async function divergence({ checkpoints, report, state }: Scene, step: number): Promise<DivergedError> {
  await checkpoints.settle();
  await report.end({ stopped: "not finite", finished: false });
  return new DivergedError(
    `Cannot go on training at step ${step}: loss or gradient was not finite ${state.skippedInARow} steps in a row; ` +
      `the weights are those of the last finite step${checkpoints.newest === step ? ` (checkpoint-${step})` : ""}; ` +
      "lower learning_rate or look at the data",
  );
}
