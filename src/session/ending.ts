import type { Recipe } from "../recipe/mod.ts";
import { type Run, writeFolder } from "../run/mod.ts";
import { bytesOfTensor } from "../weights/mod.ts";
import { epochAt } from "../train/mod.ts";
import { type RunState, writeBeside } from "./run_state.ts";
import { nextCommands } from "./next_commands.ts";
import type { Outcome, Session } from "./session.ts";

/**
 * Ends a run. If a signal stopped it before its end, or while it can be resumed, it only says how to continue. Otherwise
 * it loads the best weights if asked to, evaluates, writes the final weights and shows the commands that come next.
 */
export async function endRun(session: Session, { step, finished, stopped }: Outcome): Promise<void> {
  const { recipe, run, plan, state, report, evaluator, checkpoints, signals, say } = session;
  const resumable = checkpoints.newest === step && !recipe.saveOnlyModel;
  if (signals.stopRequested && (!finished || resumable)) {
    await report.end({ stopped: signals.stoppedBy, finished: false });
    say(`Stopped by ${signals.stoppedBy} after step ${step}; ${outlook(recipe, step, checkpoints.newest)}`);
    Deno.exitCode = signals.exitCode!;
    return;
  }
  signals.atOnce = resumable || !recipe.doTrain;
  if (recipe.loadBestModelAtEnd) await checkpoints.loadBest();
  if (recipe.doEval) await evaluator.finish(step, epochAt(step, plan));
  if (recipe.doTrain) await writeResult(run, state);
  await report.end({ stopped, finished: true });
  if (recipe.doTrain) say(`\n${nextCommands(recipe, run.folder)}`);
  if (signals.stopRequested) Deno.exitCode = signals.exitCode!; // after the weights were written: no checkpoint had them
}

/** What the user can do after a run was stopped. */
function outlook({ saveStrategy, saveOnlyModel }: Recipe, step: number, newest?: number): string {
  if (newest === undefined) {
    return "nothing was saved" + (saveStrategy === "no" ? ", because save_strategy is no" : "");
  }
  if (saveOnlyModel) return `its weights are in checkpoint-${newest}, from which it cannot resume (save_only_model)`;
  return (newest === step ? "" : `checkpoint-${newest} is the newest; `) + "continue with --resume";
}

/** Weights that an earlier run left in the folder. */
const OLD = /^(adapter_)?model.*\.safetensors(\.index\.json)?$/;

/** Writes the final adapter or model into the run's folder. */
async function writeResult(run: Run, state: RunState) {
  await writeFolder(run.folder, async (writer) => {
    for (const { stem, tensors } of state.training.saved) {
      const bytes = Array.from(tensors(), ([name, t]) => [name, bytesOfTensor(t)] as const);
      await writer.safetensors(`${stem}.safetensors`, bytes);
    }
    await writeBeside(state, writer);
  }, { supersedes: OLD });
}
