import { z } from "zod";
import { section, setting } from "../recipe/setting.ts";

const flag = z.boolean().default(false);

/** How long and in what portions to train, and when to evaluate. */
export const trainingSettings = section("Training", {
  stage: setting(
    z.enum(["pt", "sft"]).default("sft"),
    "pt: learn plain text (pre-training); sft: learn answers (supervised fine-tuning)",
  ),
  numTrainEpochs: setting(z.number().positive().default(3), "Passes over the data", { unit: "epochs" }),
  maxSteps: setting(z.int().min(-1).default(-1), "Optimizer steps in all; overrides num_train_epochs unless -1", {
    unit: "optimizer steps",
  }),
  perDeviceTrainBatchSize: setting(z.int().min(1).default(8), "Rows (examples or packs) of a forward pass", {
    unit: "rows",
  }),
  gradientAccumulationSteps: setting(z.int().min(1).default(1), "Forward passes per optimizer step"),
  perDeviceEvalBatchSize: setting(z.int().min(1).default(8), "Rows of a forward pass of evaluation", {
    unit: "rows",
  }),
  force: setting(flag, "Start even where memory surely does not suffice"),
  gradientCheckpointing: setting(flag, "Recompute blocks going backward: a third more work, far less memory"),
  disableGradientCheckpointing: setting(flag, "Never recompute blocks, which is so already unless they are asked for"),
  labelSmoothingFactor: setting(z.number().min(0).max(1).default(0), "Share of the target spread over all tokens"),
  seed: setting(z.int().min(0).default(42), "Start of every random number"),
  doTrain: setting(z.boolean().default(true), "Train"),
  doEval: setting(flag, "Evaluate at the end; on whenever eval_strategy is not no"),
  evalStrategy: setting(z.enum(["no", "steps", "epoch"]).default("no"), "When to evaluate while training", {
    aliases: ["evaluationStrategy"],
  }),
  evalSteps: setting(z.int().min(1).optional(), "Between two evaluations; logging_steps when left out", {
    unit: "optimizer steps",
  }),
  computeAccuracy: setting(flag, "Count rightly predicted tokens in evaluation"),
  loadBestModelAtEnd: setting(
    flag,
    "End with the weights of the best evaluation, not the last; each new best is saved",
  ),
  metricForBestModel: setting(z.string().optional(), "What best means: loss when left out, or accuracy"),
  greaterIsBetter: setting(z.boolean().optional(), "Whether more of it is better; false for a loss, true otherwise"),
  earlyStoppingSteps: setting(z.int().min(1).optional(), "Stop after this many evaluations without a new best", {
    unit: "evaluations",
  }),
  maxSkippedSteps: setting(
    z.int().min(1).default(5),
    "Stop after this many steps in a row whose loss or gradient is not finite; each is skipped",
    { unit: "optimizer steps" },
  ),
});
