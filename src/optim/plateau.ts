import { RecipeError } from "../errors.ts";
import { Greedy } from "./greedy.ts";
import { Comparison, type MetricSchedule, type MetricState } from "./metric.ts";
import { ScheduleOptions } from "./schedule_options.ts";
import type { MetricScheduleName } from "./settings.ts";

export type { MetricSchedule, MetricState };

/**
 * Makes the schedule `name`, `reduce_lr_on_plateau` or `greedy`, which starts at the rate `lr`. `kwargs` are its
 * `lr_scheduler_kwargs`.
 *
 * @example
 * ```ts
 * const plateau = metricSchedule("reduce_lr_on_plateau", { lr: 1e-4, kwargs: { patience: 0, factor: 0.5 } });
 * plateau.observe(2.0);
 * plateau.observe(2.1); // worse: plateau.rate is now 5e-5
 * ```
 * @throws {RecipeError} The name is not one of these schedules, or the schedule does not have the option.
 */
export function metricSchedule(
  name: string,
  { lr, kwargs = {} }: { lr: number; kwargs?: Readonly<Record<string, unknown>> },
): MetricSchedule {
  if (!Object.hasOwn(METRIC_SCHEDULES, name)) {
    const names = Object.keys(METRIC_SCHEDULES).join(", ");
    throw new RecipeError(
      `Cannot use lr_scheduler_type = "${name}": it does not follow a metric; choose one of ${names}`,
    );
  }
  const options = new ScheduleOptions(name, kwargs);
  const made = METRIC_SCHEDULES[name as MetricScheduleName](lr, options);
  options.end();
  return made;
}

type State = { rate: number; best: number | null; bad: number; cooling: number };

/** `torch.optim.lr_scheduler.ReduceLROnPlateau`: cuts the rate after more than `patience` evaluations without progress. */
export class ReduceOnPlateau implements MetricSchedule {
  readonly #comparison: Comparison;
  readonly #factor: number;
  readonly #patience: number;
  readonly #cooldown: number;
  readonly #lowest: number;
  readonly #eps: number;
  #state: State;

  constructor(lr: number, options: ScheduleOptions) {
    this.#comparison = new Comparison(options, { threshold: 1e-4, mode: "rel" });
    this.#factor = options.number("factor", 0.1);
    if (this.#factor >= 1) throw options.error("factor", "must be below 1");
    this.#patience = options.number("patience", 10, { steps: true });
    this.#cooldown = options.number("cooldown", 0, { steps: true });
    this.#lowest = options.number("min_lr", 0);
    this.#eps = options.number("eps", 1e-8);
    this.#state = { rate: lr, best: null, bad: 0, cooling: 0 };
  }

  get rate(): number {
    return this.#state.rate;
  }

  observe(metric: number): void {
    const s = this.#state;
    if (this.#comparison.better(metric, s.best)) {
      s.best = metric;
      s.bad = 0;
    } else s.bad++;
    if (s.cooling > 0) {
      s.cooling--;
      s.bad = 0;
    }
    if (s.bad > this.#patience) {
      const rate = Math.max(s.rate * this.#factor, this.#lowest);
      if (s.rate - rate > this.#eps) s.rate = rate;
      s.cooling = this.#cooldown;
      s.bad = 0;
    }
  }

  state(): MetricState {
    return structuredClone(this.#state);
  }

  load(state: MetricState): void {
    this.#state = structuredClone(state) as State;
  }
}

/** Every `lr_scheduler_type` that follows a metric. */
export const METRIC_SCHEDULES: Readonly<
  Record<MetricScheduleName, (lr: number, options: ScheduleOptions) => MetricSchedule>
> = {
  reduce_lr_on_plateau: (lr, options) => new ReduceOnPlateau(lr, options),
  greedy: (lr, options) => new Greedy(lr, options),
};
