import { CheckpointError } from "../errors.ts";
import type { ModelConfig } from "../models/config.ts";
import type { TensorPlace } from "../safetensors/mod.ts";

/** A configuration that lacks its sizes has the family's, which may be a thousand times what the weights need. */
export function checkSizes(folder: string, config: ModelConfig, tensors: Map<string, TensorPlace>): void {
  const name = "model.embed_tokens.weight";
  const stored = tensors.get(name)?.shape;
  if (!stored || stored.join() === [config.vocabSize, config.hiddenSize].join()) return;
  const said = (key: string, value: number) => `${key} = ${value}` + (key in config.raw ? "" : " (by default)");
  throw new CheckpointError(
    `Cannot load "${folder}": config.json says ${said("vocab_size", config.vocabSize)} and ` +
      `${said("hidden_size", config.hiddenSize)}, and its "${name}" is [${stored}]; ` +
      "correct config.json or fetch the model again",
  );
}
