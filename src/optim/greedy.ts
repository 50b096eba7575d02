import { Comparison, type MetricSchedule, type MetricState } from "./metric.ts";
import type { ScheduleOptions } from "./schedule_options.ts";

type State = Record<"rate" | "bad" | "good" | "cooling" | "warming" | "untilReset" | "sum", number> & {
  best: number | null;
  recent: number[];
};

/**
 * transformers' `GreedyLR` (https://arxiv.org/abs/2512.14527): cuts the rate after `patience` evaluations without progress, and
 * raises it after as many that each were the best. With the default `min_lr` of 1e-3, a lower rate is never cut.
 */
export class Greedy implements MetricSchedule {
  readonly #comparison: Comparison;
  readonly #lr: number;
  readonly #factor: number;
  readonly #patience: number;
  readonly #cooldown: number;
  readonly #warmup: number;
  readonly #lowest: number;
  readonly #highest: number;
  readonly #eps: number;
  readonly #window: number; // metrics to average; 0: no averaging
  readonly #resetStart: number; // cuts at the lowest rate before everything starts over
  #state: State;

  constructor(lr: number, options: ScheduleOptions) {
    this.#comparison = new Comparison(options, { threshold: 1e-6, mode: "abs" });
    this.#factor = options.number("factor", 0.95);
    if (this.#factor >= 1) throw options.error("factor", "must be below 1");
    this.#patience = options.number("patience", 10, { steps: true });
    this.#cooldown = options.number("cooldown", 0, { steps: true });
    this.#warmup = options.number("warmup", 0, { steps: true });
    this.#lowest = options.number("min_lr", 1e-3);
    this.#highest = options.number("max_lr", 1);
    this.#eps = options.number("eps", 1e-8);
    const window = options.number("window_size", 50, { steps: true });
    this.#window = options.bool("smooth", false) ? window : 0;
    this.#resetStart = options.number("reset_start", 500, { steps: true });
    this.#lr = lr;
    this.#state = this.#fresh();
  }

  get rate(): number {
    return this.#state.rate;
  }

  observe(metric: number): void {
    const s = this.#state;
    const value = this.#window ? this.#mean(metric) : metric;
    if (s.cooling > 0 || s.warming > 0) {
      if (s.cooling > 0) s.cooling--;
      else s.warming--;
      s.bad = s.good = 0;
      return;
    }
    if (this.#comparison.better(value, s.best)) {
      s.best = value;
      s.bad = 0;
      s.good++;
    } else {
      s.bad++;
      s.good = 0;
    }
    if (s.good > this.#patience) {
      this.#raise();
      this.#state.warming = this.#warmup;
      this.#state.good = 0;
    } else if (s.bad > this.#patience) {
      this.#cut();
      this.#state.cooling = this.#cooldown;
      this.#state.bad = 0;
    }
  }

  state(): MetricState {
    return structuredClone(this.#state);
  }

  load(state: MetricState): void {
    this.#state = structuredClone(state) as State;
  }

  #fresh(): State {
    const counters = { bad: 0, good: 0, cooling: 0, warming: 0, untilReset: this.#resetStart };
    return { rate: this.#lr, best: null, ...counters, recent: [], sum: 0 };
  }

  /** The mean of the last metrics, from a running sum, so that it rounds as in the reference. */
  #mean(metric: number): number {
    const s = this.#state;
    s.recent.push(metric);
    s.sum += metric;
    if (s.recent.length > this.#window) s.sum -= s.recent.shift()!;
    return s.sum / s.recent.length;
  }

  #raise(): void {
    const s = this.#state;
    const rate = Math.min(s.rate / this.#factor, this.#highest);
    if (rate - s.rate > this.#eps) s.rate = rate;
    s.untilReset = this.#resetStart;
  }

  #cut(): void {
    const s = this.#state;
    const rate = Math.max(s.rate * this.#factor, this.#lowest);
    if (s.rate - rate > this.#eps) s.rate = rate;
    if (s.rate <= this.#lowest && --s.untilReset <= 0) this.#state = this.#fresh();
  }
}
