import { type Batch, batches, batchesPerEpoch, type BatchOptions, type EncodedSet } from "../data/mod.ts";
import type { DataSettings } from "../data/settings.ts";
import type { TrainingSettings } from "./settings.ts";

/** The settings that cut data into optimizer steps. */
export type StepSettings =
  & Pick<TrainingSettings, "perDeviceTrainBatchSize" | "gradientAccumulationSteps" | "numTrainEpochs" | "maxSteps">
  & Pick<TrainingSettings, "seed">
  & Pick<DataSettings, "dataSeed" | "disableShuffling" | "groupByLength">;

/** How many steps a run makes. An epoch's last step may have fewer batches; it is made all the same, as in HF Trainer. */
export interface StepPlan {
  stepsPerEpoch: number;
  totalSteps: number;
  epochs: number;
}

export function planSteps(set: EncodedSet, settings: StepSettings): StepPlan {
  const { perDeviceTrainBatchSize, gradientAccumulationSteps, numTrainEpochs, maxSteps } = settings;
  const stepsPerEpoch = Math.ceil(batchesPerEpoch(set, perDeviceTrainBatchSize) / gradientAccumulationSteps);
  const totalSteps = maxSteps > 0 ? maxSteps : Math.ceil(numTrainEpochs * stepsPerEpoch);
  const plan = { stepsPerEpoch, totalSteps, epochs: 0 };
  return { ...plan, epochs: epochAt(totalSteps, plan) };
}

/** The settings with shares of a run's steps as numbers of steps. */
export function inSteps<S extends { saveSteps: number; evalSteps: number; loggingSteps: number }>(
  settings: S,
  totalSteps: number,
): S {
  const every = (steps: number) => steps < 1 ? Math.max(1, Math.ceil(totalSteps * steps)) : steps;
  const { saveSteps, evalSteps, loggingSteps } = settings;
  return { ...settings, saveSteps: every(saveSteps), evalSteps: every(evalSteps), loggingSteps: every(loggingSteps) };
}

/** Passes over the data after this many steps, with the fraction; 0 where there is nothing to train on. */
export const epochAt = (step: number, { stepsPerEpoch }: Pick<StepPlan, "stepsPerEpoch">): number =>
  stepsPerEpoch ? step / stepsPerEpoch : 0;

/** The batches of each step from `start` to the run's end: a pure function of the settings, so a resumed run sees the same. */
export function* stepsOf(
  set: EncodedSet,
  settings: StepSettings,
  { stepsPerEpoch, totalSteps }: StepPlan,
  start: number,
): Generator<Batch[]> {
  const { perDeviceTrainBatchSize: batchSize, gradientAccumulationSteps: accumulate } = settings;
  for (let step = start; step < totalSteps;) {
    const options: BatchOptions = {
      batchSize,
      accumulate,
      seed: settings.dataSeed ?? settings.seed,
      epoch: Math.floor(step / stepsPerEpoch),
      shuffle: !settings.disableShuffling,
      groupByLength: settings.groupByLength,
      skip: (step % stepsPerEpoch) * accumulate,
    };
    let window: Batch[] = [];
    for (const batch of batches(set, options)) {
      window.push(batch);
      if (window.length < accumulate) continue;
      yield window;
      window = [];
      if (++step === totalSteps) return;
    }
    if (window.length) {
      yield window;
      step++;
    }
  }
}
