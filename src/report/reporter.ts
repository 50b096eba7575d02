import type {
  Best,
  Evaluation,
  LogEntry,
  Memory,
  Plan,
  Reader,
  ReportState,
  Step,
  StepLine,
  Summary,
} from "./lines.ts";

/** How often a line is written. Names and meaning are HF's. */
export interface Logging {
  /** Steps between lines; below 1, a fraction of all steps. */
  loggingSteps: number;
  loggingStrategy: "no" | "steps" | "epoch";
  loggingFirstStep: boolean;
}

interface ReporterOptions {
  readers: Reader[];
  logging?: Logging;
  /** Called at each line. */
  memory?: () => Memory | undefined;
  /** A monotonic clock in milliseconds. */
  now?: () => number;
  /** From the checkpoint that the run resumes. */
  state?: ReportState;
}

const nothing = (): ReportState => ({
  step: 0,
  epoch: 0,
  history: [],
  window: { steps: 0, loss: 0, metrics: {} },
  loss: 0,
  learned: 0,
  tokens: 0,
  rows: 0,
  flops: 0,
  skipped: 0,
  seconds: 0,
});

/**
 * Takes the loop's numbers, adds clocks and totals, and hands finished lines to independent readers (terminal, log,
 * TensorBoard …).
 *
 * @example
 * ```ts
 * const reporter = new Reporter({ readers: [], now: () => 0 });
 * reporter.start({ totalSteps: 2, epochs: 1, rows: 2, rowsPerStep: 1, batchSize: 1, parameters: 1, trainable: 1 });
 * reporter.step({ step: 1, epoch: 0.5, loss: 2, learningRate: 1e-4, tokens: 10, rows: 1 });
 * const summary = await reporter.end();
 * ```
 */
export class Reporter {
  #readers: Reader[];
  #logging: Logging;
  #memory: () => Memory | undefined;
  #now: () => number;
  #state: ReportState;
  #plan?: Plan;
  #began = 0; // milliseconds, when this process began to train
  #resumed: { step: number; tokens: number; seconds: number };
  #evals: Record<string, number> = {}; // metrics of each set's last evaluation
  #evaluatedAt?: number;

  constructor({ readers, logging, memory = () => undefined, now = () => performance.now(), state }: ReporterOptions) {
    this.#readers = [...readers];
    this.#logging = logging ?? { loggingSteps: 10, loggingStrategy: "steps", loggingFirstStep: false };
    this.#memory = memory;
    this.#now = now;
    this.#state = structuredClone(state ?? nothing());
    this.#resumed = { step: this.#state.step, tokens: this.#state.tokens, seconds: this.#state.seconds };
    for (const entry of this.#state.history) this.#remember(entry);
  }

  /** Training begins now; the clocks start. */
  start(plan: Plan): void {
    this.#plan = plan;
    this.#began = this.#now();
    this.#tell((reader) => reader.start?.(plan, this.#state.step));
  }

  /** After each optimizer step. Cheap: sums only, except at the steps where a line is due. */
  step(step: Step): void {
    const state = this.#state;
    state.step = step.step;
    state.epoch = step.epoch;
    state.window.steps++;
    state.window.loss += step.loss;
    for (const [name, value] of Object.entries(step.metrics ?? {})) {
      const window = state.window.metrics[name] ??= { sum: 0, steps: 0 };
      window.sum += value;
      window.steps++;
    }
    if (step.skipped) state.skipped++;
    else state.loss += step.loss;
    state.tokens += step.tokens;
    state.learned += step.learned ?? 0;
    state.rows += step.rows;
    state.flops += step.tokens * (this.#plan?.flopsPerToken ?? 0);

    const line = this.#line(step);
    if (this.#due(step)) {
      state.history.push({
        epoch: step.epoch,
        ...(step.gradNorm === undefined ? {} : { grad_norm: step.gradNorm }),
        learning_rate: step.learningRate,
        loss: line.loss,
        ...line.metrics,
        step: step.step,
      });
      state.window = { steps: 0, loss: 0, metrics: {} };
      this.#tell((reader) => reader.step?.(line));
    }
    this.#tell((reader) => reader.progress?.(line));
  }

  /** After each evaluation. Adds HF's timing metrics: `eval_runtime`, `eval_samples_per_second`, `eval_steps_per_second`. */
  evaluation(done: Evaluation): void {
    const prefix = done.name ? `eval_${done.name}_` : "eval_";
    const rate = (count: number) => done.seconds > 0 ? count / done.seconds : 0;
    const metrics: Record<string, number> = {};
    for (const [name, value] of Object.entries(done.metrics)) metrics[prefix + name] = value;
    metrics[prefix + "runtime"] = done.seconds;
    metrics[prefix + "samples_per_second"] = rate(done.rows);
    metrics[prefix + "steps_per_second"] = rate(done.batches);
    const entry = { epoch: done.epoch, ...metrics, step: done.step };
    this.#state.history.push(entry);
    this.#remember(entry);
    const line = { step: done.step, epoch: done.epoch, metrics, ...this.#clocks() };
    this.#tell((reader) => reader.evaluation?.(line));
  }

  /** Step of the last evaluation, including one before a resume. */
  get evaluatedAt(): number | undefined {
    return this.#evaluatedAt;
  }

  /** Remembers the best evaluation, for `trainer_state.json` and the summary. */
  set best(best: Best | undefined) {
    this.#state.best = best;
  }

  get best(): Best | undefined {
    return this.#state.best;
  }

  /** Shows the user a sentence. */
  note(text: string): void {
    this.#tell((reader) => reader.note?.(text, "note"));
  }

  /** Warns the user of something that went wrong but did not end the run. */
  warn(text: string): void {
    this.#tell((reader) => reader.note?.(text, "warning"));
  }

  /** A copy of everything that a checkpoint must hold; take it at a step's end. */
  get state(): ReportState {
    return structuredClone({ ...this.#state, seconds: this.#clocks().seconds });
  }

  /**
   * Ends the run: readers write their last files. `stopped` says why it ended early; such a run counts as finished only
   * if `finished` is true (early stopping).
   */
  async end({ stopped, finished = !stopped }: { stopped?: string; finished?: boolean } = {}): Promise<Summary> {
    const state = this.state;
    const summary: Summary = {
      step: state.step,
      totalSteps: this.#plan?.totalSteps ?? state.step,
      epoch: state.epoch,
      trainLoss: state.loss / (state.step - state.skipped),
      seconds: state.seconds,
      rows: state.rows,
      tokens: state.tokens,
      learned: state.learned,
      skipped: state.skipped,
      flops: state.flops,
      evals: { ...this.#evals },
      best: state.best,
      memory: this.#memory(),
      stopped,
      finished,
    };
    const perSecond = (count: number) => summary.seconds > 0 ? count / summary.seconds : 0;
    if (finished && state.step > 0) { // a run that only evaluated has no training to sum up
      this.#state.history.push({
        epoch: state.epoch,
        step: state.step,
        total_flos: state.flops,
        train_loss: summary.trainLoss,
        train_runtime: summary.seconds,
        train_samples_per_second: perSecond(summary.rows),
        train_steps_per_second: perSecond(summary.step),
      });
    }
    for (const reader of [...this.#readers]) {
      try {
        await reader.end?.(summary, this.state);
      } catch (error) {
        this.#drop(reader, error);
      }
    }
    return summary;
  }

  #remember(entry: LogEntry): void {
    const metrics = Object.entries(entry).filter(([name]) => name.startsWith("eval_"));
    if (metrics.length) this.#evaluatedAt = entry.step;
    Object.assign(this.#evals, Object.fromEntries(metrics));
  }

  #due({ step, endsEpoch }: Step): boolean {
    const { loggingSteps, loggingStrategy, loggingFirstStep } = this.#logging;
    if (loggingFirstStep && step === 1) return true;
    if (loggingStrategy === "epoch") return endsEpoch === true;
    if (loggingStrategy === "no") return false;
    return step % loggingSteps === 0;
  }

  #line(step: Step): StepLine {
    const { window, skipped } = this.#state;
    const metrics: Record<string, number> = {};
    for (const [name, { sum, steps }] of Object.entries(window.metrics)) metrics[name] = sum / steps;
    return {
      step: step.step,
      epoch: step.epoch,
      loss: window.loss / window.steps,
      learningRate: step.learningRate,
      gradNorm: step.gradNorm,
      metrics,
      skipped,
      memory: this.#memory(),
      ...this.#clocks(),
    };
  }

  #clocks() {
    const { step, tokens } = this.#state;
    const here = this.#plan ? (this.#now() - this.#began) / 1000 : 0; // seconds of this process
    const totalSteps = this.#plan?.totalSteps ?? step;
    const steps = step - this.#resumed.step;
    return {
      totalSteps,
      tokens,
      tokensPerSecond: here > 0 ? (tokens - this.#resumed.tokens) / here : 0,
      seconds: this.#resumed.seconds + here,
      remaining: steps > 0 ? here / steps * (totalSteps - step) : 0,
    };
  }

  #tell(call: (reader: Reader) => void): void {
    for (const reader of [...this.#readers]) {
      try {
        call(reader);
      } catch (error) {
        this.#drop(reader, error);
      }
    }
  }

  // A report that cannot be written must not end the training.
  #drop(reader: Reader, error: unknown): void {
    this.#readers = this.#readers.filter((other) => other !== reader);
    this.warn(`${reader.constructor.name} stopped reporting: ${error instanceof Error ? error.message : error}`);
  }
}
