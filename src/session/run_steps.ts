import { DivergedError } from "../errors.ts";
import { type Done, epochAt } from "../train/mod.ts";
import type { Outcome, Session } from "./session.ts";

/**
 * Runs the steps. After each, it reports, evaluates and saves where due, and decides whether to stop early.
 *
 * @param steps the steps from `start` on, as they are done
 * @param start steps done before this process
 * @throws {DivergedError} Too many steps in a row were not finite.
 * @throws {StorageError} Too many saves in a row failed.
 */
export async function runSteps(session: Session, steps: AsyncIterable<Done>, start: number): Promise<Outcome> {
  const { recipe, plan, state, report, evaluator, checkpoints, signals, ranks } = session;
  const judge = (step: number, saves: boolean) =>
    evaluator.run(step, epochAt(step, plan), saves ? checkpoints.folderOf(step) : undefined);
  const saving = recipe.saveStrategy !== "no";

  let step = start, saved = step;
  if (state.owesEvaluation) await judge(step, true);
  for await (const done of evaluator.exhausted || state.owesEvaluation ? [] : steps) {
    checkpoints.check();
    step = done.step;
    const last = step === plan.totalSteps, endsEpoch = step % plan.stepsPerEpoch === 0 || last;
    report.step({ ...done, epoch: epochAt(step, plan), endsEpoch });
    if (!done.overflowed) state.skippedInARow = done.skipped ? state.skippedInARow + 1 : 0;
    const diverged = state.skippedInARow >= recipe.maxSkippedSteps;

    const regular = due(recipe.saveStrategy, step, recipe.saveSteps, endsEpoch) || saving && last;
    const evaluates = !diverged && due(recipe.evalStrategy, step, recipe.evalSteps, endsEpoch);
    const best = evaluates && await judge(step, regular || recipe.loadBestModelAtEnd) === "best";
    const stops = await ranks.any(last || diverged || evaluator.exhausted || signals.stopRequested);
    const asked = signals.takeSaveRequest();
    if (regular || asked || saving && stops || best && recipe.loadBestModelAtEnd) await checkpoints.save(saved = step);
    if (diverged) throw await divergence(session, step);
    if (stops) break;
  }

  const finished = evaluator.exhausted || step >= plan.totalSteps && !state.owesEvaluation;
  if (!finished && saving && saved < step) await checkpoints.save(step); // the step under way was abandoned
  await checkpoints.settle();
  const early = finished && step < plan.totalSteps;
  return { step, finished, stopped: early ? `${recipe.earlyStoppingSteps} evaluations without a new best` : undefined };
}

/** True if something with this strategy is due after this step. */
const due = (strategy: "no" | "steps" | "epoch", step: number, every: number, endsEpoch: boolean): boolean =>
  strategy === "steps" ? step % every === 0 : strategy === "epoch" && endsEpoch;

/** The error of a run that diverged, once its last checkpoint is written. */
async function divergence({ checkpoints, report, state }: Session, step: number): Promise<DivergedError> {
  await checkpoints.settle();
  await report.end({ stopped: "not finite", finished: false });
  return new DivergedError(
    `Cannot continue training at step ${step}: loss or gradient was not finite ${state.skippedInARow} steps in a row; ` +
      `the weights are those of the last finite step${checkpoints.newest === step ? ` (checkpoint-${step})` : ""}; ` +
      "lower learning_rate or check the data",
  );
}
