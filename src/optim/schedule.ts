import { RecipeError } from "../errors.ts";
import { ScheduleOptions } from "./schedule_options.ts";
import { METRIC_SCHEDULE_NAMES, type StepSchedule } from "./settings.ts";

/** What the learning rate is multiplied by in optimizer step `step`, counted from 0. With warm-up, the rate of step 0 is 0. */
export type Schedule = (step: number) => number;

/** The run that a schedule is for. */
export interface ScheduleRun {
  /** The base learning rate. Schedules that end at an absolute rate need it. */
  lr: number;
  /** Optimizer steps of warm-up, a whole number: see `warmupSteps()`. */
  warmupSteps: number;
  /** Optimizer steps of the whole run. */
  totalSteps: number;
  /** `lr_scheduler_kwargs` with HF's names. */
  kwargs?: Readonly<Record<string, unknown>>;
}

/**
 * Makes one of HF's learning-rate schedules; its numbers are those of transformers to 1e-15. The two schedules that follow a
 * metric instead of the step, `reduce_lr_on_plateau` and `greedy`, come from `metricSchedule`.
 *
 * @example
 * ```ts
 * const factor = schedule("cosine", { lr: 1e-4, warmupSteps: 10, totalSteps: 100 });
 * factor(5); // 0.5: half of the warm-up
 * ```
 * @throws {RecipeError} The name is not a schedule, or the schedule does not have the option.
 */
export function schedule(name: string, { lr, warmupSteps, totalSteps, kwargs = {} }: ScheduleRun): Schedule {
  if (!Object.hasOwn(SCHEDULES, name)) {
    const names = [...Object.keys(SCHEDULES), ...METRIC_SCHEDULE_NAMES].join(", ");
    throw new RecipeError(`Cannot use lr_scheduler_type = "${name}": it is not a schedule; choose one of ${names}`);
  }
  const options = new ScheduleOptions(name, kwargs);
  const made = SCHEDULES[name as StepSchedule]({
    lr,
    W: warmupSteps,
    T: totalSteps,
    D: Math.max(1, totalSteps - warmupSteps),
    options,
  });
  options.end();
  return made;
}

/** Steps of warm-up: `steps` if it is at least 1; otherwise it, or if it is 0 `ratio`, is a share of the run, rounded up. */
export function warmupSteps(totalSteps: number, { steps = 0, ratio = 0 }: { steps?: number; ratio?: number }): number {
  return steps >= 1 ? Math.trunc(steps) : Math.ceil(totalSteps * (steps || ratio));
}

// W warm-up steps, T steps in all, D steps after warm-up (at least 1).
type Run = { lr: number; W: number; T: number; D: number; options: ScheduleOptions };

/** Rises from 0 to 1 over W steps, then follows `after`. */
const warm = (W: number, after: Schedule): Schedule => (step) => step < W ? step / Math.max(1, W) : after(step);

/** Half a cosine: 1 at 0, 0 at 1, 1 again at 2. */
const wave = (phase: number) => 0.5 * (1 + Math.cos(Math.PI * phase));

/** Maps a factor from [0, 1] to [floor, 1]. */
const above = (floor: number, factor: number) => Math.max(0, factor * (1 - floor) + floor);

/** Every `lr_scheduler_type` that is a function of the step. */
export const SCHEDULES: Readonly<Record<StepSchedule, (run: Run) => Schedule>> = {
  linear: ({ W, T, D }) => warm(W, (step) => Math.max(0, (T - step) / D)),

  cosine({ W, D, options }) {
    const cycles = options.number("num_cycles", 0.5);
    return warm(W, (step) => wave(2 * cycles * ((step - W) / D)));
  },

  cosine_with_restarts({ W, D, options }) {
    const cycles = options.number("num_cycles", 1);
    return warm(W, (step) => step - W >= D ? 0 : wave(cycles * ((step - W) / D) % 1));
  },

  polynomial({ lr, W, T, D, options }) {
    const end = options.number("lr_end", 1e-7);
    const power = options.number("power", 1);
    if (!(lr > end)) throw options.error("lr_end", `must be below learning_rate = ${lr}, and is ${end}`);
    return warm(W, (step) => step > T ? end / lr : ((lr - end) * (1 - (step - W) / D) ** power + end) / lr);
  },

  constant: () => () => 1,

  constant_with_warmup: ({ W }) => warm(W, () => 1),

  inverse_sqrt({ W, options }) {
    const timescale = options.number("timescale", W || 10_000);
    if (!(timescale > 0)) throw options.error("timescale", "must be above 0");
    return warm(W, (step) => 1 / Math.sqrt((step + timescale - W) / timescale));
  },

  cosine_with_min_lr({ lr, W, D, options }) {
    const cycles = options.number("num_cycles", 0.5);
    const floor = lowest(options, lr);
    return warm(W, (step) => above(floor, wave(2 * cycles * ((step - W) / D))));
  },

  // One step ahead of cosine_with_min_lr, so that the rate of the first step is not 0.
  cosine_warmup_with_min_lr({ lr, W, D, options }) {
    const cycles = options.number("num_cycles", 0.5);
    const floor = lowest(options, lr);
    const start = options.number("warmup_lr_rate", null);
    const rise = (step: number) =>
      start === null ? (step + 1) / Math.max(1, W) : start + (1 - start) * step / Math.max(1, W - 1);
    return (step) => step < W ? rise(step) : above(floor, wave(2 * cycles * ((step - W + 1) / D)));
  },

  // https://arxiv.org/abs/2404.06395: warm up, hold, decay at the very end.
  warmup_stable_decay({ W, T, options }) {
    const decay = options.number("num_decay_steps", null, { steps: true });
    const stable = options.number("num_stable_steps", T - W - (decay ?? 0), { steps: true });
    const rise = RISES[options.choice("warmup_type", "linear", SHAPES)];
    const fall = options.choice("decay_type", "cosine", SHAPES);
    const floor = options.number("min_lr_ratio", 0);
    const cycles = options.number("num_cycles", 0.5);
    if (decay === null) throw options.error("num_decay_steps", "is missing", "give the steps of the decay");
    return (step) => {
      if (step < W) return above(floor, rise(step / Math.max(1, W)));
      if (step < W + stable) return 1;
      if (step >= W + stable + decay) return floor;
      return above(floor, FALLS[fall]((step - W - stable) / Math.max(1, decay), cycles));
    };
  },
};

const SHAPES = ["linear", "cosine", "1-sqrt"] as const;

const RISES = {
  "linear": (p: number) => p,
  "cosine": (p: number) => 0.5 * (1 - Math.cos(Math.PI * p)),
  "1-sqrt": (p: number) => 1 - Math.sqrt(1 - p),
};

const FALLS = {
  "linear": (p: number) => 1 - p,
  "cosine": (p: number, cycles: number) => wave(2 * cycles * p),
  "1-sqrt": (p: number) => 1 - Math.sqrt(p),
};

/** The lowest factor, from either `min_lr` (a rate) or `min_lr_rate` (a share of the base rate). */
function lowest(options: ScheduleOptions, lr: number): number {
  const rate = options.number("min_lr", null);
  const share = options.number("min_lr_rate", null);
  if (rate !== null && share !== null) {
    throw options.error("min_lr_rate", "says the same as min_lr", "give one of them");
  }
  if (rate === null && share === null) {
    throw options.error("min_lr_rate", "is missing, and so is min_lr", "give one of them");
  }
  return share ?? rate! / lr;
}
