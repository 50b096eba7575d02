import type { EncodedSet, Prepared } from "../data/mod.ts";
import { grownRows, modulesWithRows } from "../models/mod.ts";
import { type Facts, type Load, modulesOf, type NumberType, parametersOf, tokensOf } from "./mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { type Device, threads } from "../tensor/mod.ts";
import { type Inspected, newAdapter } from "../adapters/mod.ts";
import { wantedDtype } from "../weights/mod.ts";
import { largestBatches, largestOfRun } from "./largest.ts";
import { planSteps } from "../train/steps.ts";

/** What is known of a run before its model is loaded. */
export interface Known {
  inspected: Inspected;
  device: Device;
  /** The data, and how many tokens the tokenizer knows; without them the largest batch there could be is taken. */
  prepared?: { data: Pick<Prepared, "train" | "evals">; vocabulary: number };
}

/** What the estimate of a run follows from, once for each of its largest batches. */
export function factsOf(recipe: Recipe, { inspected, device, prepared }: Known): Facts[] {
  const { adapters } = inspected;
  const rows = recipe.resizeVocab && prepared ? grownRows(inspected.config.vocabSize, prepared.vocabulary) : undefined;
  const config = rows ? { ...inspected.config, vocabSize: rows } : inspected.config;
  const wanted = wantedDtype(recipe);
  const computes = wanted === "auto" ? inspected.stored : wanted;
  const lora = recipe.finetuningType === "lora", goesOn = lora && adapters.length > 0 && !recipe.createNewAdapter;
  const additionalTarget = [...new Set([...recipe.additionalTarget, ...rows ? modulesWithRows(config) : []])];
  const modules = modulesOf(parametersOf(config)), blocks = config.numHiddenLayers;
  const adapter = goesOn
    ? adapters.at(-1)
    : lora
    ? newAdapter(recipe, { modules, blocks, additionalTarget })
    : undefined;
  const { loads, ...work } = workOf(recipe, prepared?.data);
  const common = {
    ...{ config, settings: recipe, adapter, threads: threads() },
    storedVocabulary: rows && inspected.config.vocabSize,
    stored: inspected.stored as NumberType,
    computes: (device === "cpu" && wanted === "auto" && computes === "f16" ? "bf16" : computes) as NumberType,
    merges: lora && adapters.length > (goesOn ? 1 : 0),
    device: device === "cpu" ? "cpu" as const : "cuda" as const,
    ...work,
  };
  return loads.map((load) => ({ ...common, ...load }));
}

/** Batches, steps, tokens. Without data, every row is as long as `cutoff_len` and all of it is learned. */
function workOf(recipe: Recipe, data?: Pick<Prepared, "train" | "evals">) {
  const { perDeviceTrainBatchSize: batchSize, gradientAccumulationSteps: accumulate, cutoffLen } = recipe;
  if (!data) {
    const lengths = Array<number>(batchSize).fill(cutoffLen);
    const train = { lengths, learned: batchSize * (cutoffLen - 1) };
    const evaluates = recipe.doEval && { lengths: Array<number>(recipe.perDeviceEvalBatchSize).fill(cutoffLen) };
    return {
      loads: [{ train, later: accumulate > 1 ? train : undefined }],
      longestRow: cutoffLen,
      evaluation: evaluates ? { ...evaluates, learned: evaluates.lengths.length * (cutoffLen - 1) } : undefined,
      tokensPerStep: batchSize * cutoffLen * accumulate,
    };
  }
  const { totalSteps, stepsPerEpoch } = planSteps(data.train, recipe);
  const { first, later, longestRow } = largestOfRun(data.train, recipe);
  return {
    loads: first.length
      ? first.map((train, i) => ({ train, later: later[i] }))
      : [{ train: { lengths: [], learned: 0 } }],
    longestRow,
    evaluation: recipe.doEval ? largestOf(Object.values(data.evals), recipe.perDeviceEvalBatchSize) : undefined,
    tokensPerStep: stepsPerEpoch ? data.train.tokens / stepsPerEpoch : 0,
    steps: totalSteps,
  };
}

/** The batch with the most tokens of all evaluation sets, which are gone through in their order. */
function largestOf(sets: EncodedSet[], batchSize: number): Load | undefined {
  const loads = sets.flatMap((set) => largestBatches(set, { batchSize, shuffle: false }, Infinity).first);
  return loads.toSorted((a, b) => tokensOf(b) - tokensOf(a))[0];
}
