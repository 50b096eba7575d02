import type { ModelConfig } from "../models/config.ts";
import type { Recipe } from "../recipe/mod.ts";
import type { NewAdapterSettings } from "../adapters/new_adapter.ts";
import type { LoraConfig } from "../adapters/peft/config.ts";

/** Bytes of an element. */
export const WIDTHS = { f32: 4, bf16: 2, f16: 2, f64: 8 } as const;
export type NumberType = keyof typeof WIDTHS;

/** The settings that decide how much memory a run takes. `Recipe` has them all. */
export type PlanSettings =
  & NewAdapterSettings
  & Pick<
    Recipe,
    | "finetuningType"
    | "freezeTrainableLayers"
    | "freezeTrainableModules"
    | "freezeExtraModules"
    | "pureBf16"
    | "upcastLayernorm"
    | "gradientCheckpointing"
    | "gradientAccumulationSteps"
    | "perDeviceTrainBatchSize"
    | "cutoffLen"
    | "neftuneNoiseAlpha"
    | "trainFromScratch"
    | "doTrain"
    | "saveStrategy"
    | "saveOnlyModel"
  >;

/** One batch, by its sizes. */
export interface Load {
  /** Tokens of each document; they lie end to end. */
  lengths: readonly number[];
  /** Tokens that the loss learns from. */
  learned: number;
}

/** Everything that an estimate follows from. */
export interface Facts {
  /** With the vocabulary that the run will have. */
  config: ModelConfig;
  /** Rows of the embedding as stored, where the run adds some. */
  storedVocabulary?: number;
  /** Type of the weights in their files; of fresh ones, the type they are drawn in. */
  stored: NumberType;
  /** Type that the model computes in. */
  computes: NumberType;
  settings: PlanSettings;
  /** What a LoRA run trains. */
  adapter?: LoraConfig;
  /** Whether adapters are merged into the weights before training. */
  merges: boolean;
  device: "cpu" | "cuda";
  /** CPU threads. */
  threads: number;
  /** The largest batch that begins a step. */
  train: Load;
  /** The largest that follows in a step, when others have been gathered; absent where a step is one batch. */
  later?: Load;
  /** Tokens of the longest row: what a smaller batch may have. */
  longestRow: number;
  /** The largest batch of evaluation, where there is one. */
  evaluation?: Load;
  /** Tokens of an optimizer step, as a mean over the run. */
  tokensPerStep: number;
  /** Optimizer steps of the whole run; absent where the data is not known. */
  steps?: number;
}

/** Tokens of a batch. */
export const tokensOf = ({ lengths }: Load): number => lengths.reduce((sum, length) => sum + length, 0);
