import { CheckpointError } from "../errors.ts";
import type { ModelConfig } from "../models/config.ts";
import type { TensorPlace } from "../safetensors/mod.ts";
import { sameValues } from "./same.ts";

const EMBEDDING = "model.embed_tokens.weight", HEAD = "lm_head.weight";

/**
 * A file's tensors by the names that parameters have. As transformers 5, it takes names without `model.` in front, as files of
 * the backbone alone have them, and names with one `model.` too many.
 *
 * @throws {CheckpointError} Two tensors are for one parameter.
 */
export function byParameter(folder: string, tensors: ReadonlyMap<string, TensorPlace>): Map<string, TensorPlace> {
  const found = new Map<string, TensorPlace>();
  for (const [name, place] of tensors) {
    const parameter = parameterOf(name);
    if (found.has(parameter)) {
      const other = parameter === name
        ? [...tensors.keys()].find((one) => parameterOf(one) === name && one !== name)
        : parameter;
      throw new CheckpointError(
        `Cannot load "${folder}": tensors ${other} and ${name} are for the same weight; fetch the model again`,
      );
    }
    found.set(parameter, place);
  }
  return found;
}

function parameterOf(name: string): string {
  if (/^(embed_tokens|layers|norm)\./.test(name)) return `model.${name}`;
  if (/^model\.(model\.(embed_tokens|layers|norm)|lm_head)\./.test(name)) return name.slice("model.".length);
  return name;
}

/**
 * Settles what a head means that lies beside an embedding which the config says it is: the same values are left out, others make
 * the model one that is not tied, and a head alone is the embedding. transformers 5 does so.
 */
export async function settleHead(
  folder: string,
  config: ModelConfig,
  tensors: Map<string, TensorPlace>,
): Promise<{ config: ModelConfig; notes: string[] }> {
  const embedding = tensors.get(EMBEDDING), head = tensors.get(HEAD);
  if (!config.tieWordEmbeddings || !head) return { config, notes: [] };
  if (!embedding || await sameValues(embedding, head)) {
    tensors.delete(HEAD);
    if (!embedding) tensors.set(EMBEDDING, head);
    return { config, notes: [] };
  }
  const note = `"${folder}": config.json says that the head is the embedding, but the files have another "${HEAD}": ` +
    "it is used, and the two are not tied";
  return { config: { ...config, tieWordEmbeddings: false }, notes: [note] };
}
