import {
  METRIC_SCHEDULES,
  type MetricSchedule,
  metricSchedule,
  type Schedule,
  schedule,
  warmupSteps,
} from "../optim/mod.ts";
import type { OptimizerSettings } from "../optim/settings.ts";

type RateSettings = Pick<
  OptimizerSettings,
  "learningRate" | "lrSchedulerType" | "lrSchedulerKwargs" | "warmupSteps" | "warmupRatio"
>;

/** The learning rate of each step: a function of the step, or of the evaluations so far. */
export class Rate {
  readonly #schedule?: Schedule;
  /** Set where the schedule follows a metric. */
  readonly metric?: MetricSchedule;

  constructor(private readonly settings: RateSettings, totalSteps: number) {
    const { learningRate: lr, lrSchedulerType: name, lrSchedulerKwargs: kwargs } = settings;
    if (name in METRIC_SCHEDULES) this.metric = metricSchedule(name, { lr, kwargs });
    else {
      const warmup = warmupSteps(totalSteps, { steps: settings.warmupSteps, ratio: settings.warmupRatio });
      this.#schedule = schedule(name, { lr, warmupSteps: warmup, totalSteps, kwargs });
    }
  }

  /** The rate of step `index`, counted from 0. */
  at(index: number): number {
    return this.#schedule ? this.settings.learningRate * this.#schedule(index) : this.metric!.rate;
  }
}
