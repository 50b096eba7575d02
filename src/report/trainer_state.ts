import { replaceFile } from "../run/durable.ts";
import { reviveNumber, stringifyNumbers } from "../run/writer.ts";
import type { LogEntry, Plan, Reader, ReportState, Summary } from "./lines.ts";

/** The settings that HF's `trainer_state.json` repeats. */
export interface StateSettings {
  loggingSteps: number;
  saveSteps: number;
  evalSteps?: number | null;
}

/**
 * The content of `trainer_state.json` in HF Trainer's schema, keys sorted. What HF has no field for is stored under
 * `stateful_callbacks.ftx`, where HF keeps the states of callbacks.
 */
export function trainerState(state: ReportState, plan: Plan, settings: StateSettings): Record<string, unknown> {
  const { step, epoch, history, best, tokens, flops, ...own } = state;
  return {
    best_global_step: best?.step ?? null,
    best_metric: best?.value ?? null,
    best_model_checkpoint: best?.checkpoint ?? null,
    epoch,
    eval_steps: settings.evalSteps ?? 500,
    global_step: step,
    is_hyper_param_search: false,
    is_local_process_zero: true,
    is_world_process_zero: true,
    log_history: history,
    logging_steps: settings.loggingSteps,
    max_steps: plan.totalSteps,
    num_input_tokens_seen: tokens,
    num_train_epochs: Math.ceil(plan.epochs),
    save_steps: settings.saveSteps,
    stateful_callbacks: { ftx: { args: {}, attributes: { ...own, best_name: best?.metric ?? null } } },
    total_flos: flops,
    train_batch_size: plan.batchSize,
    trial_name: null,
    trial_params: null,
  };
}

/** Reads what `trainerState` made: the state for a resumed `Reporter`. */
export function readTrainerState(text: string): ReportState {
  const file = JSON.parse(text, (_, value) => reviveNumber(value));
  const { best_name, ...own } = file.stateful_callbacks?.ftx?.attributes ?? {};
  return {
    step: file.global_step,
    epoch: file.epoch,
    history: file.log_history as LogEntry[],
    tokens: file.num_input_tokens_seen,
    flops: file.total_flos,
    ...own,
    best: file.best_metric === null ? undefined : {
      step: file.best_global_step,
      metric: best_name,
      value: file.best_metric,
      checkpoint: file.best_model_checkpoint ?? undefined,
    },
  };
}

/** `trainer_state.json` of the run's folder, written when the run ends or stops. */
export class StateFile implements Reader {
  #plan?: Plan;

  constructor(private readonly folder: string, private readonly settings: StateSettings) {}

  start(plan: Plan): void {
    this.#plan = plan;
  }

  async end(_: Summary, state: ReportState): Promise<void> {
    if (!this.#plan) return; // training never began
    const content = trainerState(state, this.#plan, this.settings);
    await replaceFile(`${this.folder}/trainer_state.json`, stringifyNumbers(content, 2) + "\n");
  }
}
