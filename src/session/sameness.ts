import { pickDevice, shimVersion, threads } from "../tensor/mod.ts";
import type { EncodedSet } from "../data/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import { snakeCase } from "../settings/spelling.ts";

/** What must stay the same so that a resumed run ends with the bytes of one that was never stopped. */
export type Sameness = Readonly<Record<string, string | number | boolean>>;

/** The settings that decide which rows a step sees; a fingerprint identifies the data itself. */
const ORDER = [
  "perDeviceTrainBatchSize",
  "gradientAccumulationSteps",
  "seed",
  "dataSeed",
  "disableShuffling",
  "groupByLength",
] as const;

/** The facts of this run. */
export function sameness(recipe: Recipe, set: EncodedSet): Sameness {
  const order = ORDER.filter((name) => recipe[name] !== undefined).map((name) =>
    [snakeCase(name), recipe[name]!] as const
  );
  return {
    ...Object.fromEntries(order),
    "the training data": set.fingerprint.slice(0, 12),
    device: pickDevice(recipe.device),
    "the number of threads": threads(),
    libtorch: shimVersion(),
  };
}

/** Sentences about what differs from the run that saved the checkpoint. */
export function differences(before: Sameness, now: Sameness): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].filter((name) => before[name] !== now[name]).map(
    (name) =>
      `The run resumes, but not bit for bit: ${name} was ${before[name] ?? "not set"} and is now ${
        now[name] ?? "not set"
      }`,
  );
}
