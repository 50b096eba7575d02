/**
 * What a run says about itself. The loop gives a `Step` after each optimizer step and an `Evaluation` after each
 * evaluation; the reporter adds clocks and totals, and every reader gets the finished lines.
 */

/** One optimizer step, as the training loop knows it. */
export interface Step {
  /** Optimizer steps done, this one included: 1 at the first. */
  step: number;
  /** Passes over the data so far, with its fraction: 0.5 in the middle of the first. */
  epoch: number;
  /** Mean loss per learned token of this step. */
  loss: number;
  /** Learning rate that this step used. */
  learningRate: number;
  /** Norm of all gradients together before clipping. */
  gradNorm?: number;
  /** Tokens of this step, prompts included. */
  tokens: number;
  /** Tokens of this step that the loss learned from. */
  learned?: number;
  /** Examples (or packs) of this step. */
  rows: number;
  /** Further means of this step, by the names of the log: `rewards/accuracies`, `kl`. */
  metrics?: Record<string, number>;
  /** True at the last step of an epoch: `logging_strategy = epoch` writes a line there. */
  endsEpoch?: boolean;
  /** True when loss or gradient was not finite, and the step left the weights alone. */
  skipped?: boolean;
}

/** One evaluation, as the training loop knows it. */
export interface Evaluation {
  step: number;
  epoch: number;
  /** Means over the evaluation set without the prefix `eval_`: `loss`, `accuracy`. */
  metrics: Record<string, number>;
  /** Name of the evaluation set, when there are several: its metrics are then `eval_<name>_loss`. */
  name?: string;
  rows: number;
  batches: number;
  seconds: number;
}

/** The work ahead, known when training starts. */
export interface Plan {
  /** Optimizer steps of the whole run, those before a resume included. */
  totalSteps: number;
  epochs: number;
  /** Examples of one epoch. */
  rows: number;
  /** Examples of one optimizer step: batch x accumulation x ranks. */
  rowsPerStep: number;
  /** Per-device batch, as `trainer_state.json` records it. */
  batchSize: number;
  parameters: number;
  trainable: number;
  /** Floating-point operations per token; HF's estimate is 6 x parameters outside embeddings. */
  flopsPerToken?: number;
}

/** Bytes that tensors hold now, and the most they ever held. */
export interface Memory {
  bytes: number;
  peak: number;
  /** The most that CUDA's allocator ever took from the GPU; undefined on a CPU. */
  peakReserved: number | undefined;
}

/** A step with the run's totals: what readers get. */
export interface StepLine {
  step: number;
  totalSteps: number;
  epoch: number;
  /** Mean over the steps since the last line; not rounded; NaN when one of them was NaN. */
  loss: number;
  learningRate: number;
  gradNorm?: number;
  /** Means over the steps since the last line. */
  metrics: Record<string, number>;
  /** Tokens since step 1, resumed parts included. */
  tokens: number;
  /** Tokens per second since this process began to train. */
  tokensPerSecond: number;
  /** Seconds of training since step 1, resumed parts included. */
  seconds: number;
  /** Seconds left at this process's pace. */
  remaining: number;
  /** Steps so far that left the weights unchanged because the loss or a gradient was not finite. */
  skipped: number;
  memory?: Memory;
}

/** Whether a metric of an evaluation says how long it took, not how good the model is. */
export const isClock = (metric: string): boolean => /_(runtime|per_second)$/.test(metric);

/** An evaluation with the run's totals. Metric names are the log's: `eval_loss`, `eval_runtime`. */
export interface EvalLine {
  step: number;
  totalSteps: number;
  epoch: number;
  metrics: Record<string, number>;
  tokens: number;
  tokensPerSecond: number;
  seconds: number;
  remaining: number;
}

/** The best evaluation so far, and the checkpoint that holds its weights. */
export interface Best {
  step: number;
  /** Name of the metric with its prefix: `eval_loss`. */
  metric: string;
  value: number;
  checkpoint?: string;
}

/** How a run ended. */
export interface Summary {
  step: number;
  totalSteps: number;
  epoch: number;
  /** Mean loss of all steps that were not skipped. Meaningless at step 0, when nothing was trained. */
  trainLoss: number;
  /** Seconds of training, resumed parts included. */
  seconds: number;
  rows: number;
  tokens: number;
  learned: number;
  skipped: number;
  flops: number;
  /** Metrics of the last evaluation of each set: `eval_loss` … */
  evals: Record<string, number>;
  best?: Best;
  memory?: Memory;
  /** Why the run ended before its last step, when it did: "SIGTERM", "3 evaluations without progress". */
  stopped?: string;
  /** False when the run stopped early and can be resumed. */
  finished: boolean;
}

/** One entry of HF's `log_history`: names of the log and their numbers. */
export type LogEntry = Record<string, number>;

/** What a checkpoint stores so that a resumed run's reports continue as if it had never stopped. */
export interface ReportState {
  step: number;
  epoch: number;
  history: LogEntry[];
  /** Sums since the last logged line. A metric may be missing from some steps, so each has a count of its own. */
  window: { steps: number; loss: number; metrics: Record<string, { sum: number; steps: number }> };
  /** Sums since step 1. */
  loss: number;
  learned: number;
  tokens: number;
  rows: number;
  flops: number;
  skipped: number;
  seconds: number;
  best?: Best;
}

/** Shows or stores a run's numbers. Every method is optional; a reader that throws is dropped with a warning. */
export interface Reader {
  /** The run starts, or resumes after `step`, with these totals. */
  start?(plan: Plan, step: number): void;
  /** After every optimizer step. */
  progress?(line: StepLine): void;
  /** At the steps that `logging_steps` and `logging_strategy` name. */
  step?(line: StepLine): void;
  evaluation?(line: EvalLine): void;
  /** A sentence for the user. */
  note?(text: string, kind: "note" | "warning"): void;
  end?(summary: Summary, state: ReportState): void | Promise<void>;
}
