import { z } from "zod";
import { section, setting, type SettingsOf, stepsBetween } from "../settings/setting.ts";
import { STAGE_NAMES, STAGE_SUMMARIES } from "./stage_names.ts";

const flag = z.boolean().default(false);

const evaluation = { only: { doEval: [true] } };
const judging = { only: { evalStrategy: ["steps", "epoch"] } };

/** How long and in what portions to train, and when to evaluate. */
export const trainingSettings = section("Training", {
  stage: setting(
    z.enum(STAGE_NAMES).default("sft"),
    "Kind of training. " + STAGE_NAMES.map((name) => `${name}: ${lowerFirst(STAGE_SUMMARIES[name])}`).join("; "),
  ),
  numTrainEpochs: setting(z.number().positive().default(3), "Passes over the data", { unit: "epochs" }),
  maxSteps: setting(z.int().min(-1).default(-1), "Total optimizer steps; overrides num_train_epochs unless -1", {
    unit: "optimizer steps",
  }),
  perDeviceTrainBatchSize: setting(z.int().min(1).default(8), "Rows (examples or packs) per forward pass", {
    unit: "rows",
  }),
  gradientAccumulationSteps: setting(z.int().min(1).default(1), "Forward passes per optimizer step"),
  perDeviceEvalBatchSize: setting(z.int().min(1).default(8), "Rows per forward pass of an evaluation", {
    unit: "rows",
    ...evaluation,
  }),
  force: setting(flag, "Start even if memory is certain to run out"),
  gradientCheckpointing: setting(
    flag,
    "Recompute each block in the backward pass: about a third more work for far less memory",
  ),
  disableGradientCheckpointing: setting(flag, "Do not recompute blocks in the backward pass", {
    note: "blocks are recomputed only if gradient_checkpointing asks for it",
  }),
  labelSmoothingFactor: setting(
    z.number().min(0).max(1).default(0),
    "Share of the target probability to spread over all tokens",
  ),
  seed: setting(z.int().min(0).default(42), "Seed of every random number"),
  doTrain: setting(
    z.boolean().optional(),
    "Train; if unset, yes, unless do_eval is set and there is only evaluation data",
  ),
  doEval: setting(flag, "Evaluate at the end; on whenever eval_strategy is not no"),
  evalStrategy: setting(z.enum(["no", "steps", "epoch"]).default("no"), "When to evaluate during training", {
    aliases: ["evaluationStrategy"],
  }),
  evalSteps: setting(
    stepsBetween.optional(),
    "Steps between evaluations; below 1, a share of all steps; logging_steps if unset",
    {
      unit: "optimizer steps",
      only: { evalStrategy: ["steps"] },
    },
  ),
  computeAccuracy: setting(flag, "Count correctly predicted tokens in evaluations", evaluation),
  loadBestModelAtEnd: setting(
    flag,
    "End with the weights of the best evaluation instead of the last weights; saves a checkpoint at each new best",
  ),
  metricForBestModel: setting(
    z.string().optional(),
    "Metric that decides which evaluation is best; loss if unset",
    judging,
  ),
  greaterIsBetter: setting(
    z.boolean().optional(),
    "Whether a higher metric is better; if unset, false for loss and perplexity and true for the rest",
    judging,
  ),
  earlyStoppingSteps: setting(z.int().min(1).optional(), "Stop after this many evaluations without a new best", {
    unit: "evaluations",
  }),
  maxSkippedSteps: setting(
    z.int().min(1).default(5),
    "Stop after this many steps in a row with a loss or gradient that is not finite; each such step is skipped",
    { unit: "optimizer steps" },
  ),
});

/** How `ftx plan` measures. */
export const planSettings = section("Plan", {
  probe: setting(flag, "Load the model, run three steps and report their speed and memory"),
});

export type TrainingSettings = SettingsOf<typeof trainingSettings>;

function lowerFirst(text: string): string {
  return text[0].toLowerCase() + text.slice(1);
}
