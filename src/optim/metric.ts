import type { ScheduleOptions } from "./schedule_options.ts";

/** A learning rate that follows a metric. It is told the metric after each evaluation. */
export interface MetricSchedule {
  /** The learning rate now. */
  readonly rate: number;
  /** Takes the metric of an evaluation and changes the rate where that is due. */
  observe(metric: number): void;
  /** Everything that `load()` needs to go on as if nothing had happened; plain JSON. */
  state(): MetricState;
  load(state: MetricState): void;
}

/** The state of a `MetricSchedule`, for a checkpoint. */
export type MetricState = Readonly<Record<string, number | null | number[]>>;

/** When a metric counts as better than the best so far: the options mode, threshold and threshold_mode. */
export class Comparison {
  readonly #max: boolean;
  readonly #relative: boolean;
  readonly #threshold: number;

  constructor(options: ScheduleOptions, { threshold, mode }: { threshold: number; mode: "rel" | "abs" }) {
    this.#max = options.choice("mode", "min", ["min", "max"]) === "max";
    this.#threshold = options.number("threshold", threshold);
    this.#relative = options.choice("threshold_mode", mode, ["rel", "abs"]) === "rel";
  }

  /** `best` is null before the first metric. */
  better(metric: number, best: number | null): boolean {
    const t = this.#threshold;
    if (best === null) return this.#max ? metric > -Infinity : metric < Infinity;
    if (this.#max) return metric > (this.#relative ? best * (1 + t) : best + t);
    return metric < (this.#relative ? best * (1 - t) : best - t);
  }
}
