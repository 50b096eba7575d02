import { z } from "zod";
import { section, setting } from "../recipe/setting.ts";

/** How gradients become new weights. */
export const optimizerSettings = section("Optimizer", {
  learningRate: setting(
    z.number().min(0).default(5e-5),
    "Highest learning rate; 1e-4 is usual for LoRA, 1e-5 for full",
  ),
  lrSchedulerType: setting(
    z.enum([
      "linear",
      "cosine",
      "cosine_with_restarts",
      "polynomial",
      "constant",
      "constant_with_warmup",
      "inverse_sqrt",
      "reduce_lr_on_plateau",
      "cosine_with_min_lr",
      "cosine_warmup_with_min_lr",
      "warmup_stable_decay",
    ]).default("linear"),
    "How the learning rate changes over the run",
  ),
  lrSchedulerKwargs: setting(
    z.record(z.string(), z.union([z.number(), z.boolean(), z.string()])).default({}),
    'More numbers for the schedule, such as {"num_cycles": 2} or {"min_lr_rate": 0.1}',
  ),
  warmupSteps: setting(z.number().min(0).default(0), "Steps until the highest learning rate; below 1 a share of all", {
    unit: "optimizer steps",
  }),
  warmupRatio: setting(z.number().min(0).max(1).default(0), "The same as a share of all steps"),
  weightDecay: setting(z.number().min(0).default(0), "Decay of weights, but not of biases and norms"),
  maxGradNorm: setting(z.number().min(0).default(1), "Longer gradients are shortened to this norm; 0: never"),
  optim: setting(z.enum(["adamw_torch"]).default("adamw_torch"), "Optimizer", {
    synonyms: {
      adamw: "adamw_torch",
      adamw_hf: "adamw_torch",
      adamw_torch_fused: "adamw_torch",
    },
  }),
  adamBeta1: setting(z.number().min(0).lt(1).default(0.9), "Memory of the mean gradient"),
  adamBeta2: setting(z.number().min(0).lt(1).default(0.999), "Memory of the squared gradient"),
  adamEpsilon: setting(z.number().min(0).default(1e-8), "Keeps the division from zero"),
});
