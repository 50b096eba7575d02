import { METRIC_SCHEDULE_NAMES, SGD_ARGS } from "../optim/settings.ts";
import type { Settings } from "./recipe.ts";
import { type Rule, same } from "./rules.ts";

const evaluates = (r: Settings) => r.evalStrategy !== "no";
const interleaves = (r: Settings) => r.mixStrategy !== "concat";

/** Rules for training and for looking at its data. */
export const TRAINING_RULES: readonly Rule[] = [
  // Data
  {
    settings: ["maskHistory", "trainOnPrompt"],
    broken: (r) => r.maskHistory && r.trainOnPrompt,
    because: "one learns less than the answers, the other more; choose one",
  },
  {
    settings: ["trainOnPrompt", "stage"],
    broken: (r) => r.trainOnPrompt && r.stage === "pt",
    because: "pre-training learns every token already; leave it out",
  },
  {
    settings: ["maskHistory", "stage"],
    broken: (r) => r.maskHistory && r.stage === "pt",
    because: "plain text has no turns; leave it out",
  },
  {
    settings: ["valSize"],
    broken: (r) => r.valSize === 1,
    because: "this is neither a fraction nor a useful count; take a number below 1 or from 2 up",
  },
  {
    settings: ["valSize"],
    broken: (r) => r.valSize > 1 && !Number.isInteger(r.valSize),
    because: "above 1 it counts examples; take a whole number",
  },
  {
    settings: ["valSize", "evalDataset"],
    broken: (r) => r.valSize > 0 && r.evalDataset.length > 0,
    because: "evaluation has its examples already; choose one",
  },
  {
    settings: ["valSize", "dataset"],
    broken: (r) => r.valSize > 0 && r.dataset.length === 0 && r.tokenizedPath === undefined,
    because: "there is nothing to set aside from; set dataset",
  },
  {
    settings: ["interleaveProbs", "mixStrategy"],
    broken: (r) => r.interleaveProbs.length > 0 && !interleaves(r),
    because: "only interleaving draws from data sets by chance; set mix_strategy = interleave_under",
  },
  {
    settings: ["interleaveProbs", "dataset"],
    broken: (r) => r.interleaveProbs.length > 0 && interleaves(r) && r.interleaveProbs.length !== r.dataset.length,
    because: "each data set needs one number; give as many",
  },
  {
    settings: ["packing", "neatPacking"],
    broken: (r) => r.packing === false && r.neatPacking,
    because: "neat_packing is a kind of packing; leave packing out",
  },
  {
    settings: ["groupByLength", "packing"],
    broken: (r) => r.groupByLength && (r.packing || r.neatPacking || r.packing === undefined && r.stage === "pt"),
    because: "packed rows have one length; choose one",
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
    because: "an adapter is trained with finetuning_type = lora; merge it first with ftx export",
  },
  {
    settings: ["trainFromScratch", "adapterNameOrPath"],
    broken: (r) => r.trainFromScratch && r.adapterNameOrPath.length > 0,
    because: "an adapter belongs to the weights it was trained with; choose one",
  },
  {
    settings: ["trainFromScratch", "finetuningType"],
    broken: (r) => r.trainFromScratch && r.finetuningType !== "full" && r.adapterNameOrPath.length === 0,
    because: "most weights would stay random; set finetuning_type = full",
  },
  ...([
    "loraRank",
    "loraAlpha",
    "loraDropout",
    "loraTarget",
    "loraLayers",
    "additionalTarget",
    "useRslora",
    "createNewAdapter",
  ] as const).map((name): Rule => ({
    settings: [name, "finetuningType"],
    broken: (r, wasSet) => wasSet(name) && r.finetuningType !== "lora",
    because: "only LoRA has it; leave it out or set finetuning_type = lora",
  })),
  ...(["freezeTrainableLayers", "freezeTrainableModules", "freezeExtraModules"] as const).map((name): Rule => ({
    settings: [name, "finetuningType"],
    broken: (r, wasSet) => wasSet(name) && r.finetuningType !== "freeze",
    because: "it chooses what freeze trains; leave it out or set finetuning_type = freeze",
  })),
  // Steps
  {
    settings: ["warmupSteps", "warmupRatio"],
    broken: (r) => r.warmupSteps > 0 && r.warmupRatio > 0,
    because: "they say the same in two ways; choose one",
  },
  {
    settings: ["warmupSteps"],
    broken: (r) => r.warmupSteps > 1 && !Number.isInteger(r.warmupSteps),
    because: "from 1 up it counts steps; take a whole number",
  },
  {
    settings: ["warmupSteps", "maxSteps"],
    broken: (r) => r.maxSteps > 0 && r.warmupSteps > r.maxSteps,
    because: "the run ends before its learning rate is reached; warm up for fewer steps",
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
    broken: (r) => r.optimArgs.length > 0 && r.optim !== "sgd",
    because: "only sgd has options; leave it out",
  },
  {
    settings: ["optimArgs", "optim"],
    broken: (r) => r.optim === "sgd" && !SGD_ARGS.safeParse(r.optimArgs).success,
    because:
      "sgd takes momentum and dampening, each from 0 to below 1, and nesterov = true with momentum alone; change it",
  },
  ...(["adamBeta1", "adamBeta2"] as const).map((name): Rule => ({
    settings: [name, "optim"],
    broken: (r, wasSet) => wasSet(name) && r.optim === "sgd",
    because: "sgd does not have it; leave it out",
  })),
  {
    settings: ["adamEpsilon", "optim"],
    broken: (r, wasSet) => wasSet("adamEpsilon") && r.optim !== "adamw_torch",
    because: "only adamw_torch has it; leave it out",
  },
  {
    settings: ["gradientCheckpointing", "disableGradientCheckpointing"],
    broken: (r) => r.gradientCheckpointing && r.disableGradientCheckpointing,
    because: "they ask for opposites; choose one",
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
    broken: (r) => !r.doTrain && !r.doEval,
    because: "nothing is left to do; set do_eval = true",
  },
  {
    settings: ["doTrain", "dataset"],
    broken: (r) => r.doTrain && r.dataset.length === 0 && r.evalDataset.length > 0 && r.tokenizedPath === undefined,
    because: "there is nothing to train on; set dataset",
  },
  {
    settings: ["loadBestModelAtEnd", "evalStrategy"],
    broken: (r) => r.loadBestModelAtEnd && !evaluates(r),
    because: "the best is found by evaluating; set eval_strategy = save_strategy",
  },
  {
    settings: ["loadBestModelAtEnd", "evalStrategy", "saveStrategy"],
    broken: (r) => r.loadBestModelAtEnd && evaluates(r) && r.evalStrategy !== r.saveStrategy,
    because: "what is evaluated must be saved; set both to the same",
  },
  {
    settings: ["loadBestModelAtEnd", "evalSteps", "saveSteps"],
    broken: (r) =>
      r.loadBestModelAtEnd && r.evalStrategy === "steps" && r.saveStrategy === "steps" &&
      r.saveSteps % (r.evalSteps ?? r.loggingSteps) !== 0,
    because: "every checkpoint must be evaluated; make save_steps a multiple of eval_steps",
  },
  {
    settings: ["earlyStoppingSteps", "evalStrategy"],
    broken: (r) => r.earlyStoppingSteps !== undefined && !evaluates(r),
    because: "stopping early follows evaluations; set eval_strategy",
  },
  {
    settings: ["metricForBestModel", "computeAccuracy"],
    broken: (r) => (r.metricForBestModel ?? "").includes("accuracy") && !r.computeAccuracy,
    because: "accuracy is not counted; set compute_accuracy = true",
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
  {
    settings: ["reportTo"],
    broken: (r) => r.reportTo.includes("none") && r.reportTo.length > 1,
    because: "none allows no other; choose",
  },
];
