import { z } from "zod";
import { section, setting, type SettingsOf } from "../settings/setting.ts";

/** Values of `lr_scheduler_type` whose rate is a function of the step: `SCHEDULES` has one of each. */
export const STEP_SCHEDULES = [
  "linear",
  "cosine",
  "cosine_with_restarts",
  "polynomial",
  "constant",
  "constant_with_warmup",
  "inverse_sqrt",
  "cosine_with_min_lr",
  "cosine_warmup_with_min_lr",
  "warmup_stable_decay",
] as const;

/** Values of `lr_scheduler_type` whose rate follows the evaluations: `METRIC_SCHEDULES` has one of each. */
export const METRIC_SCHEDULE_NAMES = ["reduce_lr_on_plateau", "greedy"] as const;

const warming = { only: { lrSchedulerType: { not: ["constant", ...METRIC_SCHEDULE_NAMES] } } };
const betas = { only: { optim: ["adamw_torch", "lion_32bit"] } };

/** How gradients become new weights. */
export const optimizerSettings = section("Optimizer", {
  learningRate: setting(
    z.number().min(0).default(5e-5),
    "Peak learning rate; 1e-4 is typical for LoRA, 1e-5 for full fine-tuning",
  ),
  lrSchedulerType: setting(
    z.enum([...STEP_SCHEDULES, ...METRIC_SCHEDULE_NAMES]).default("linear"),
    "How the learning rate changes over the run",
  ),
  lrSchedulerKwargs: setting(
    z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])).default({}),
    'Options of the schedule, such as {"num_cycles": 2} or {"min_lr_rate": 0.1}',
  ),
  warmupSteps: setting(
    z.number().min(0)
      .refine((steps) => steps <= 1 || Number.isInteger(steps), "from 1 up it counts steps; use a whole number")
      .default(0),
    "Steps to reach the peak learning rate; below 1, a fraction of all steps",
    { unit: "optimizer steps", ...warming },
  ),
  warmupRatio: setting(z.number().min(0).max(1).default(0), "Warm-up as a fraction of all steps", warming),
  weightDecay: setting(z.number().min(0).default(0), "Weight decay; biases and norms are not decayed"),
  maxGradNorm: setting(z.number().min(0).default(1), "Clip gradients to this norm; 0: never"),
  optim: setting(z.enum(["adamw_torch", "sgd", "lion_32bit"]).default("adamw_torch"), "Optimizer", {
    synonyms: {
      adamw: "adamw_torch",
      adamw_hf: "adamw_torch",
      adamw_torch_fused: "adamw_torch",
      lion: "lion_32bit",
    },
  }),
  optimArgs: setting(
    z.array(z.string()).default([]),
    'Options of sgd: momentum, dampening and nesterov, such as "momentum=0.9, nesterov=true"',
    { only: { optim: ["sgd"] } },
  ),
  adamBeta1: setting(
    z.number().min(0).lt(1).default(0.9),
    "Decay of the average gradient (AdamW), or its share in the direction of a step (Lion)",
    betas,
  ),
  adamBeta2: setting(
    z.number().min(0).lt(1).default(0.999),
    "Decay of the average squared gradient (AdamW), or of the average gradient (Lion, where 0.99 is typical)",
    betas,
  ),
  adamEpsilon: setting(z.number().min(0).default(1e-8), "Added to AdamW's denominator for stability", {
    only: { optim: ["adamw_torch"] },
  }),
});

export type OptimizerSettings = SettingsOf<typeof optimizerSettings>;
/** A value of the setting `optim`. `OPTIMIZERS` has one optimizer for each. */
export type OptimizerName = OptimizerSettings["optim"];
export type StepSchedule = typeof STEP_SCHEDULES[number];
export type MetricScheduleName = typeof METRIC_SCHEDULE_NAMES[number];

const share = z.string().min(1).transform(Number).pipe(z.number().min(0).lt(1)).optional();

/** `optim_args` of sgd, as transformers reads them: `["momentum=0.9"]` -> `{ momentum: 0.9 }`. */
export const SGD_ARGS = z.array(z.string())
  .transform((args) =>
    Object.fromEntries(args.map((arg) => {
      const [name, value = ""] = arg.split(/\s*=\s*(.*)/);
      return [name, value];
    }))
  )
  .pipe(z.strictObject({
    momentum: share,
    dampening: share,
    nesterov: z.stringbool().optional(),
  }))
  .refine(({ momentum, dampening, nesterov }) => !nesterov || momentum && !dampening);
