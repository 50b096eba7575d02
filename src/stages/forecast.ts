import type { EncodedSet, Prepared } from "../data/mod.ts";
import { MemoryError } from "../errors.ts";
import { grownRows, modulesWithRows } from "../models/mod.ts";
import {
  adviceFor,
  advised,
  type Estimate,
  estimate,
  type Facts,
  modulesOf,
  type NumberType,
  outlook,
  parametersOf,
  type Room,
  size,
} from "../plan/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { availableMemory, type Device, threads } from "../tensor/mod.ts";
import { type Inspected, newAdapter, wantedDtype } from "../weights/mod.ts";
import { largestBatches, largestOfRun } from "./largest.ts";
import { planSteps } from "./plan.ts";

/** What is known of a run before its model is loaded. */
export interface Known {
  inspected: Inspected;
  device: Device;
  /** The data, and the tokens that the tokenizer knows; without them the largest batch there could be is taken. */
  prepared?: { data: Prepared; vocabulary: number };
}

/** The estimate of a run, for the larger of its largest batches. */
export function forecast(recipe: Recipe, known: Known): Estimate {
  const { common, loads } = facts(recipe, known);
  return loads.map((train) => estimate({ ...common, train })).reduce((a, b) => a.peak >= b.peak ? a : b);
}

/** The memory of the device that a run computes on. */
export function roomOn(device: Device): Room {
  if (device === "cpu") return { device, bytes: availableMemory() };
  return { device };
}

/**
 * Refuses a run that surely cannot be: weights and the optimizer's state alone are more than the device has.
 *
 * @throws {MemoryError}
 */
export function refuseImpossible(expected: Estimate, room: Room, { modelNameOrPath, force }: Recipe) {
  if (force || outlook(expected, room) !== "cannot fit") return;
  throw new MemoryError(
    `Cannot train "${modelNameOrPath}": its weights and the optimizer's state alone are ${size(expected.least)}, and ` +
      `${room.device} has ${size(room.bytes!)} free; ${
        advised(adviceFor(expected, room.bytes))
      }; force = true tries all the same`,
  );
}

function facts(
  recipe: Recipe,
  { inspected, device, prepared }: Known,
): { common: Omit<Facts, "train">; loads: Facts["train"][] } {
  const { adapters } = inspected;
  const rows = recipe.resizeVocab && prepared ? grownRows(inspected.config.vocabSize, prepared.vocabulary) : undefined;
  const config = rows ? { ...inspected.config, vocabSize: rows } : inspected.config;
  const wanted = wantedDtype(recipe, device);
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
    computes: (device === "cpu" && computes === "f16" ? "bf16" : computes) as NumberType,
    merges: lora && adapters.length > (goesOn ? 1 : 0),
    device: device === "cpu" ? "cpu" as const : "cuda" as const,
    ...work,
  };
  return { common, loads };
}

/** Batches, steps, tokens. Without data, every row is as long as `cutoff_len` and all of it is learned. */
function workOf(recipe: Recipe, data?: Prepared) {
  const { perDeviceTrainBatchSize: batchSize, gradientAccumulationSteps: accumulate, cutoffLen } = recipe;
  if (!data) {
    const lengths = Array<number>(batchSize).fill(cutoffLen);
    const train = { lengths, learned: batchSize * (cutoffLen - 1) };
    const evaluates = recipe.doEval && { lengths: Array<number>(recipe.perDeviceEvalBatchSize).fill(cutoffLen) };
    return {
      loads: [train],
      longestRow: cutoffLen,
      evaluation: evaluates ? { ...evaluates, learned: evaluates.lengths.length * (cutoffLen - 1) } : undefined,
      tokensPerStep: batchSize * cutoffLen * accumulate,
    };
  }
  const { totalSteps, stepsPerEpoch } = planSteps(data.train, recipe);
  const { batches, longestRow } = largestOfRun(data.train, recipe);
  return {
    loads: batches,
    longestRow,
    evaluation: recipe.doEval ? largestOf(Object.values(data.evals), recipe.perDeviceEvalBatchSize) : undefined,
    tokensPerStep: stepsPerEpoch ? data.train.tokens / stepsPerEpoch : 0,
    steps: totalSteps,
  };
}

/** The batch with the most tokens of all evaluation sets, which are gone through in their order. */
function largestOf(sets: EncodedSet[], batchSize: number): Facts["evaluation"] {
  const loads = sets.map((set) => largestBatches(set, { batchSize, shuffle: false }, Infinity).batches[0]);
  const tokens = (load: Facts["train"]) => load.lengths.reduce((sum, length) => sum + length, 0);
  return loads.toSorted((a, b) => tokens(b) - tokens(a))[0];
}
