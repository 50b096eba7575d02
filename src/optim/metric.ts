import type { ScheduleOptions } from "./schedule_options.ts";

/** A learning rate that follows a metric of the evaluations. */
export interface MetricSchedule {
  /** The learning rate now. */
  readonly rate: number;
  /** Takes the metric of one evaluation, and changes the rate if it is time to. Call it after each evaluation. */
  observe(metric: number): void;
  /** Everything that `load()` needs to continue exactly, as plain JSON. */
  state(): MetricState;
  load(state: MetricState): void;
}

/** The state of a `MetricSchedule`, for a checkpoint. */
export type MetricState = Readonly<Record<string, number | null | number[]>>;

/** Decides whether a metric is better than the best so far, by the options mode, threshold and threshold_mode. */
export class Comparison {
  readonly #max: boolean;
  readonly #relative: boolean;
  readonly #threshold: number;

  constructor(options: ScheduleOptions, { threshold, mode }: { threshold: number; mode: "rel" | "abs" }) {
    this.#max = options.choice("mode", "min", ["min", "max"]) === "max";
    this.#threshold = options.number("threshold", threshold);
    this.#relative = options.choice("threshold_mode", mode, ["rel", "abs"]) === "rel";
  }

  /** Whether `metric` beats `best`, which is null before the first metric. */
  better(metric: number, best: number | null): boolean {
    const t = this.#threshold;
    if (best === null) return this.#max ? metric > -Infinity : metric < Infinity;
    if (this.#max) return metric > (this.#relative ? best * (1 + t) : best + t);
    return metric < (this.#relative ? best * (1 - t) : best - t);
  }
}
