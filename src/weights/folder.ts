import { CheckpointError } from "../errors.ts";
import { type ModelConfig, modelConfig } from "../models/config.ts";
import { byParameter, settleHead } from "./names.ts";
import {
  checkFolder,
  exists,
  openWeights,
  readJsonObject,
  refuseOtherFormats,
  type WeightFiles,
} from "../safetensors/mod.ts";

/** A model folder as transformers saves it. Its tensors are by the names that parameters have. */
export interface ModelFolder extends WeightFiles {
  folder: string;
  /** As the file says, but not tied where the weights have a head of their own. */
  config: ModelConfig;
  /** `generation_config.json`, or null if there is none. */
  generation: Record<string, unknown> | null;
}

/**
 * Opens a model folder: reads its configurations and finds its tensors.
 *
 * @example
 * ```ts
 * const { config, tensors } = await openModel("models/llama-3.2-1b");
 * tensors.get("model.norm.weight")!.file; // "models/llama-3.2-1b/model.safetensors"
 * ```
 * @throws {CheckpointError} One sentence: what is missing or wrong, and what to do.
 */
export async function openModel(folder: string): Promise<ModelFolder> {
  const said = await readModelConfig(folder);
  const generation = await exists(`${folder}/generation_config.json`)
    ? await readJsonObject(`${folder}/generation_config.json`)
    : null;
  const weights = await openWeights(folder);
  const tensors = byParameter(folder, weights.tensors);
  const { config, notes } = await settleHead(folder, said, tensors);
  if (await exists(`${folder}/adapter_config.json`)) {
    notes.push(
      `"${folder}" also holds a PEFT adapter, which is not used: --adapter ${folder} adds it ` +
        "(transformers does so without being told)",
    );
  }
  return { folder, generation, ...weights, config, tensors, notes: [...config.notes, ...weights.notes, ...notes] };
}

/** Reads only `config.json` of a model folder: enough for a model with fresh weights. */
export async function readModelConfig(folder: string): Promise<ModelConfig> {
  await checkFolder(folder);
  const path = `${folder}/config.json`;
  if (await exists(path)) return modelConfig(await readJsonObject(path), path);
  const wrong = (what: string) => new CheckpointError(`Cannot load "${folder}": ${what}`);
  if (await exists(`${folder}/adapter_config.json`)) {
    throw wrong("it is a PEFT adapter, not a model; give its base as --model and this folder as --adapter");
  }
  await refuseOtherFormats(folder);
  throw wrong("it has no config.json; give a model folder as transformers saves it");
}
