import { METRIC_SCHEDULE_NAMES, SGD_ARGS } from "../optim/settings.ts";
import type { Settings } from "./recipe.ts";
import { type Rule, same } from "./rules.ts";

const evaluates = (r: Settings) => r.evalStrategy !== "no";
const interleaves = (r: Settings) => r.mixStrategy !== "concat";

/** Whether `steps` is a multiple of `other`: of two numbers of steps, or of two shares of all steps, to six decimals as in HF. */
function isMultiple(steps: number, other: number): boolean {
  if (steps < 1 !== other < 1) return false;
  return steps < 1 ? Math.round(steps * 1e6) % Math.round(other * 1e6) === 0 : steps % other === 0;
}

/** Rules for training, and for planning it or previewing its data. */
export const TRAINING_RULES: readonly Rule[] = [
  // Data
  {
    settings: ["maskHistory", "trainOnPrompt"],
    broken: (r) => r.maskHistory && r.trainOnPrompt,
    because: "one learns only part of the answers, the other more than the answers; choose one",
  },
  {
    settings: ["valSize", "evalDataset"],
    broken: (r) => r.valSize > 0 && r.evalDataset.length > 0,
    because: "the evaluation already has its examples; choose one",
  },
  {
    settings: ["valSize", "dataset"],
    broken: (r) => r.valSize > 0 && r.dataset.length === 0 && r.tokenizedPath === undefined,
    because: "there is no data to set examples aside from; set dataset",
  },
  {
    settings: ["interleaveProbs", "mixStrategy"],
    broken: (r) => r.interleaveProbs.length > 0 && !interleaves(r),
    because: "only interleaving uses shares; set mix_strategy = interleave_under",
  },
  {
    settings: ["interleaveProbs", "dataset"],
    broken: (r) => r.interleaveProbs.length > 0 && interleaves(r) && r.interleaveProbs.length !== r.dataset.length,
    because: "each data set needs one share; give one number per data set",
  },
  {
    settings: ["packing", "neatPacking"],
    broken: (r) => r.packing === false && r.neatPacking,
    because: "neat_packing is a kind of packing; leave packing out",
  },
  {
    settings: ["groupByLength", "packing"],
    broken: (r) => r.groupByLength && (r.packing === true || r.neatPacking),
    because: "packed rows all have the same length; choose one",
  },
  {
    settings: ["groupByLength", "disableShuffling"],
    broken: (r) => r.groupByLength && r.disableShuffling,
    because: "grouping changes the order; choose one",
  },
  // Method
  {
    settings: ["adapterNameOrPath", "finetuningType"],
    broken: (r) => r.adapterNameOrPath.length > 0 && r.finetuningType !== "lora",
    because: "only finetuning_type = lora trains an adapter; merge it into the model first with ftx export",
  },
  {
    settings: ["trainFromScratch", "adapterNameOrPath"],
    broken: (r) => r.trainFromScratch && r.adapterNameOrPath.length > 0,
    because: "an adapter only fits the weights it was trained with; choose one",
  },
  {
    settings: ["trainFromScratch", "finetuningType"],
    broken: (r) => r.trainFromScratch && r.finetuningType !== "full" && r.adapterNameOrPath.length === 0,
    because: "weights that are not trained would stay random; set finetuning_type = full",
  },
  // Steps
  {
    settings: ["warmupSteps", "warmupRatio"],
    broken: (r) => r.warmupSteps > 0 && r.warmupRatio > 0,
    because: "both set the warm-up; choose one",
  },
  {
    settings: ["warmupSteps", "maxSteps"],
    broken: (r) => r.maxSteps > 0 && r.warmupSteps > r.maxSteps,
    because: "the run would end before it reaches its learning rate; warm up for fewer steps",
  },
  {
    settings: ["lrSchedulerType", "lrSchedulerKwargs"],
    broken: (r) =>
      ["cosine_with_min_lr", "cosine_warmup_with_min_lr"].includes(r.lrSchedulerType) &&
      !("min_lr" in r.lrSchedulerKwargs) && !("min_lr_rate" in r.lrSchedulerKwargs),
    because: "this schedule needs min_lr or min_lr_rate in lr_scheduler_kwargs",
  },
  {
    settings: ["lrSchedulerType", "lrSchedulerKwargs"],
    broken: (r) => r.lrSchedulerType === "warmup_stable_decay" && !("num_decay_steps" in r.lrSchedulerKwargs),
    because: "this schedule needs num_decay_steps in lr_scheduler_kwargs",
  },
  {
    settings: ["lrSchedulerType", "evalStrategy"],
    broken: (r) => METRIC_SCHEDULE_NAMES.some((name) => name === r.lrSchedulerType) && !evaluates(r),
    because: "this schedule follows the evaluation loss; set eval_strategy",
  },
  {
    settings: ["optimArgs", "optim"],
    broken: (r) => r.optim === "sgd" && !SGD_ARGS.safeParse(r.optimArgs).success,
    because:
      "sgd takes momentum and dampening, each from 0 to below 1, and nesterov = true with momentum alone; change it",
  },
  {
    settings: ["gradientCheckpointing", "disableGradientCheckpointing"],
    broken: (r) => r.gradientCheckpointing && r.disableGradientCheckpointing,
    because: "they contradict each other; choose one",
  },
  // Evaluation
  {
    settings: ["evalStrategy", "evalDataset", "valSize"],
    broken: (r) => evaluates(r) && r.evalDataset.length === 0 && r.valSize === 0 && r.tokenizedPath === undefined,
    because: "there is nothing to evaluate on; set eval_dataset or val_size",
  },
  {
    settings: ["doEval", "evalDataset", "valSize"],
    broken: (r) =>
      r.doEval && !evaluates(r) && r.evalDataset.length === 0 && r.valSize === 0 && r.tokenizedPath === undefined,
    because: "there is nothing to evaluate on; set eval_dataset or val_size",
  },
  {
    settings: ["doTrain", "doEval"],
    broken: (r) => r.doTrain === false && !r.doEval,
    because: "there is nothing to do; set do_eval = true",
  },
  {
    settings: ["evalDataset"],
    broken: (r) =>
      (r.doTrain ?? !r.doEval) && r.dataset.length === 0 && r.evalDataset.length > 0 && r.tokenizedPath === undefined,
    because: "there is nothing to train on; set dataset, or do_eval = true to evaluate alone",
  },
  {
    settings: ["loadBestModelAtEnd", "evalStrategy"],
    broken: (r) => r.loadBestModelAtEnd && !evaluates(r),
    because: "evaluations decide which weights are best; set eval_strategy to the value of save_strategy",
  },
  {
    settings: ["loadBestModelAtEnd", "evalStrategy", "saveStrategy"],
    broken: (r) => r.loadBestModelAtEnd && evaluates(r) && r.evalStrategy !== r.saveStrategy,
    because: "the evaluated weights must be saved; set both to the same value",
  },
  {
    settings: ["loadBestModelAtEnd", "evalSteps", "saveSteps"],
    broken: (r) =>
      r.loadBestModelAtEnd && r.evalStrategy === "steps" && r.saveStrategy === "steps" &&
      !isMultiple(r.saveSteps, r.evalSteps ?? r.loggingSteps),
    because: "every checkpoint must be evaluated; make save_steps a multiple of eval_steps, both steps or both shares",
  },
  {
    settings: ["earlyStoppingSteps", "evalStrategy"],
    broken: (r) => r.earlyStoppingSteps !== undefined && !evaluates(r),
    because: "evaluations decide when to stop; set eval_strategy",
  },
  {
    settings: ["metricForBestModel", "computeAccuracy"],
    broken: (r) => (r.metricForBestModel ?? "").includes("accuracy") && !r.computeAccuracy,
    because: "accuracy is not computed; set compute_accuracy = true",
  },
  // Run
  {
    settings: ["outputDir", "modelNameOrPath"],
    broken: (r) => same(r.outputDir, r.modelNameOrPath),
    because: "the run would overwrite its model; choose another folder",
  },
  {
    settings: ["outputDir", "adapterNameOrPath"],
    broken: (r) => r.adapterNameOrPath.some((folder) => same(r.outputDir, folder)),
    because: "the run would overwrite the adapter it starts from; choose another folder",
  },
];
