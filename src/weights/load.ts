import { CheckpointError, EXIT, MemoryError } from "../errors.ts";
import { build, type CausalLm, initialise, type ModelConfig } from "../models/mod.ts";
import { availableMemory, type Device, type DType, type Tensor, TensorError } from "../tensor/mod.ts";
import type { TensorPlace } from "../safetensors/mod.ts";
import { openModel, readModelConfig } from "./folder.ts";
import { dtypeOf, fill, misfits } from "./tensors.ts";

export interface LoadOptions {
  /** Element type of the weights; "auto" keeps the file's. */
  dtype: DType | "auto";
  device: Device;
  /** Draw the weights instead of reading them. Default false. */
  fromScratch?: boolean;
  /** Changes to the config before the model is built, such as another rope scaling. */
  adjust?: (config: ModelConfig) => ModelConfig;
  /** Told what was ignored or understood otherwise than `config.json` says. */
  onNote?: (sentence: string) => void;
  /** Called with the share of the weights that has been read, 0 to 1. */
  onProgress?: (share: number) => void;
}

/** Loads a model with its weights from a folder as transformers saves it. The caller disposes it. */
export async function loadModel(folder: string, options: LoadOptions): Promise<CausalLm> {
  const { device, fromScratch = false, adjust = (c: ModelConfig) => c, onNote = () => {} } = options;
  if (fromScratch) {
    const config = await readModelConfig(folder);
    config.notes.forEach(onNote);
    const dtype = options.dtype === "auto" ? publishedDtype(config) : options.dtype;
    const model = make(folder, adjust(config), { dtype, device });
    initialise(model);
    return model;
  }
  const { config, tensors, bytes, notes } = await openModel(folder);
  notes.forEach(onNote);
  checkSizes(folder, config, tensors);
  const first = tensors.entries().next().value;
  const dtype = options.dtype !== "auto" ? options.dtype : first ? dtypeOf(...first) : "f32";
  const model = make(folder, adjust(config), { dtype, device });
  try {
    await fill(paired(folder, model, tensors), (done) => options.onProgress?.(bytes ? done / bytes : 1));
    return model;
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}

function make(folder: string, config: ModelConfig, placement: { dtype: DType; device: Device }): CausalLm {
  try {
    return build(config, placement);
  } catch (error) {
    if (!(error instanceof TensorError) || error.exitCode !== EXIT.memory) throw error;
    const free = placement.device === "cpu" ? ` (${(availableMemory() / 2 ** 30).toFixed(1)} GiB are free)` : "";
    throw new MemoryError(
      `Cannot load "${folder}": the memory of ${placement.device} cannot hold its weights in ${placement.dtype}${free}; ` +
        "end other programs, choose a smaller model, or set dtype = bf16",
    );
  }
}

/**
 * Refuses a config whose sizes are not those of the embedding. Sizes that config.json lacks take the family's defaults,
 * which may be a thousand times what the weights need.
 */
export function checkSizes(folder: string, config: ModelConfig, tensors: Map<string, TensorPlace>): void {
  const name = "model.embed_tokens.weight";
  const stored = tensors.get(name)?.shape;
  if (!stored || stored.join() === [config.vocabSize, config.hiddenSize].join()) return;
  const said = (key: string, value: number) => `${key} = ${value}` + (key in config.raw ? "" : " (by default)");
  throw new CheckpointError(
    `Cannot load "${folder}": config.json says ${said("vocab_size", config.vocabSize)} and ` +
      `${said("hidden_size", config.hiddenSize)}, but its "${name}" is [${stored}]; ` +
      "correct config.json or fetch the model again",
  );
}

/** The type in which the config says its weights were published; fp32 if it names none. */
export const publishedDtype = ({ dtype }: ModelConfig): DType =>
  dtype === "bfloat16" ? "bf16" : dtype === "float16" ? "f16" : "f32";

/** Each parameter with its place in the files. Throws an error that names missing and surplus tensors. */
function paired(folder: string, model: CausalLm, tensors: Map<string, TensorPlace>): [string, Tensor, TensorPlace][] {
  const pairs: [string, Tensor, TensorPlace][] = [], missing: string[] = [];
  const surplus = new Set([...tensors.keys()].filter((name) => !isLeftover(name)));
  for (const [name, p] of model.parameters()) {
    const place = tensors.get(name);
    if (place) pairs.push([name, p, place]);
    else missing.push(name);
    surplus.delete(name);
  }
  if (missing.length || surplus.size) {
    const wrong = misfits(missing, [...surplus], "not part of the model");
    throw new CheckpointError(`Cannot load "${folder}": ${wrong}; check that config.json and weights belong together`);
  }
  return pairs;
}

/** True for rope's frequencies, which older files contain and no model needs. */
const isLeftover = (name: string) => name.endsWith(".rotary_emb.inv_freq");
