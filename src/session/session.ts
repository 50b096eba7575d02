import type { Recipe } from "../recipe/mod.ts";
import type { Reporter } from "../report/mod.ts";
import type { Run, Signals } from "../run/mod.ts";
import type { Ranks, StepPlan } from "../train/mod.ts";
import type { Checkpoints } from "./checkpoints.ts";
import type { Evaluator } from "./evaluator.ts";
import type { RunState } from "./run_state.ts";

/** The parts of a run while it trains. */
export interface Session {
  /** As the user wrote it, with models and data by name. */
  recipe: Recipe;
  /** The run's folder. */
  run: Run;
  plan: StepPlan;
  state: RunState;
  report: Reporter;
  evaluator: Evaluator;
  checkpoints: Checkpoints;
  signals: Signals;
  ranks: Ranks;
  /** Shows the user a sentence. */
  say: (sentence: string) => void;
}

/** How training ended. */
export interface Outcome {
  /** The last step that was done. */
  step: number;
  /** False when a signal stopped the run before its last step or evaluation. */
  finished: boolean;
  /** Why it finished before the last step of the plan. */
  stopped?: string;
}
