import type { z } from "zod";
import { pickDevice, shimVersion, threads } from "../tensor/mod.ts";
import { methodSettings } from "../adapters/settings.ts";
import type { EncodedSet } from "../data/mod.ts";
import { METRIC_SCHEDULE_NAMES } from "../optim/settings.ts";
import { type Recipe, SECTIONS } from "../recipe/mod.ts";
import { factsOf } from "../settings/setting.ts";
import { snakeCase } from "../settings/spelling.ts";
import type { StepPlan } from "../train/mod.ts";

/** What must stay the same so that a resumed run ends with the bytes of one that was never stopped. */
export type Sameness = Readonly<Record<string, unknown>>;

/** Sections whose settings decide what a run computes, except for those below. */
const DECIDING = ["Model", "Template", "Data", "Method", "Training", "Optimizer"];

/** Settings of those sections that decide nothing about the rest of a run, or that another fact stands for. */
const OTHERS: ReadonlySet<string> = new Set([
  ...["device", "threads", "numTrainEpochs", "maxSteps", "warmupRatio", "datasetDir", "tokenizedPath", "neatPacking"],
  ...["overwriteCache", "preprocessingBatchSize", "force", "gradientCheckpointing", "trainFromScratch"],
  ...["initLoraWeights", "adapterFolder", "doTrain", "doEval", "evalDataset", "evalOnEachDataset"],
  ...["perDeviceEvalBatchSize", "computeAccuracy", "evalStrategy", "evalSteps", "loadBestModelAtEnd"],
  ...["metricForBestModel", "greaterIsBetter", "earlyStoppingSteps", "maxSkippedSteps"],
]);

/** Schedules whose rate at a step does not depend on the number of all steps. */
const ENDLESS: readonly string[] = ["constant", "constant_with_warmup", "inverse_sqrt", ...METRIC_SCHEDULE_NAMES];

const DATA = "the training data", PLACES = ["model_name_or_path", "adapter_name_or_path"];

/** The facts of this run. `given`: with models by name. */
export function sameness(given: Recipe, set: EncodedSet, { totalSteps }: StepPlan): Sameness {
  const shapes = SECTIONS.filter(({ title }) => DECIDING.includes(title)).flatMap(({ shape }) =>
    Object.entries(shape as Record<string, z.ZodType>)
  );
  const names = shapes.filter(([name, schema]) => !OTHERS.has(name) && factsOf(schema).note === undefined)
    .map(([name]) => name as keyof Recipe);
  const paced = !ENDLESS.includes(given.lrSchedulerType) || given.warmupRatio > 0 ||
    given.warmupSteps > 0 && given.warmupSteps < 1;
  return {
    ...Object.fromEntries(names.map((name) => [snakeCase(name), given[name] ?? null])),
    ...paced && { warmup_ratio: given.warmupRatio, "the number of steps": totalSteps },
    [DATA]: set.fingerprint.slice(0, 12),
    device: pickDevice(given.device),
    "the number of threads": threads(),
    libtorch: shimVersion(),
  };
}

/** `lora_rank was 8 and is now 4`, for each fact that both know and that differs. */
function changes(before: Sameness, now: Sameness): string[] {
  return Object.keys(now).filter((name) => name in before && text(before[name]) !== text(now[name]))
    .map((name) => `${name} was ${text(before[name])} and is now ${text(now[name])}`);
}

/** The changes that decide which tensors there are, for an error about them. */
export function shaping(before: Sameness, now: Sameness): string[] {
  const names = [...Object.keys(methodSettings.shape), ...SHAPING].map(snakeCase);
  const of = (all: Sameness) => Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)));
  return changes(of(before), of(now));
}

const SHAPING = [
  "modelNameOrPath",
  "adapterNameOrPath",
  "dtype",
  "bf16",
  "fp16",
  "pureBf16",
  "resizeVocab",
  "optim",
  "optimArgs",
];

/** Sentences about what differs from the run that saved the checkpoint. */
export function differences(before: Sameness, now: Sameness): string[] {
  const [moved, changed] = [true, false].map((places) =>
    changes(before, now).filter((change) => PLACES.some((name) => change.startsWith(`${name} `)) === places)
  );
  return [
    ...moved.map((change) => `The run resumes, but ${change}: only the same weights make sense`),
    ...changed.map((change) => `The run resumes, but not bit for bit: ${change}`),
  ];
}

function text(value: unknown): string {
  if (value === null || value === undefined || Array.isArray(value) && value.length === 0) return "not set";
  if (Array.isArray(value)) return value.join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
