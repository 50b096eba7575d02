import { CheckpointError } from "../errors.ts";
import { openWeights, type TensorPlace } from "./folder.ts";
import { brief, readJsonObject } from "./json.ts";
import { type LoraConfig, loraConfig } from "./peft_config.ts";
import { parseAdapterKey } from "./peft_keys.ts";

/** The two halves of a branch, in files: A [r, in], B [out, r]; of an embedding A [r, vocabulary], B [hidden, r]. */
export interface StoredBranch {
  embedding: boolean;
  rank: number;
  A: TensorPlace;
  B: TensorPlace;
}

/** A PEFT adapter's folder, checked, with no tensor read yet. */
export interface AdapterFolder {
  folder: string;
  config: LoraConfig;
  /** By path of the module. */
  branches: Map<string, StoredBranch>;
  /** Parameters that were trained whole, by their name in the model. */
  saved: Map<string, TensorPlace>;
  /** Weights of the base that the file carries along, by their name in the model. */
  base: Map<string, TensorPlace>;
  /** Sentences about what was ignored. */
  notes: string[];
}

/**
 * Opens an adapter's folder as PEFT saves it: `adapter_config.json` and `adapter_model.safetensors`.
 *
 * @example
 * ```ts
 * const { config, branches } = await openAdapter("runs/docker");
 * branches.get("model.layers.0.self_attn.q_proj")!.A.shape; // [8, 2048]
 * ```
 * @throws {CheckpointError} One sentence: what is missing or wrong, and what to do.
 */
export async function openAdapter(folder: string): Promise<AdapterFolder> {
  const path = `${folder}/adapter_config.json`;
  const { config, notes } = loraConfig(await readJsonObject(path), path);
  const weights = await openWeights(folder, "adapter_model");
  const wrong = (what: string) => new CheckpointError(`Cannot load "${folder}": ${what}; save the adapter again`);

  const halves = new Map<string, { embedding: boolean; A?: TensorPlace; B?: TensorPlace }>();
  const saved = new Map<string, TensorPlace>();
  const base = new Map<string, TensorPlace>();
  const strange: string[] = [];
  for (const [key, place] of weights.tensors) {
    const part = parseAdapterKey(key);
    if (part === null) strange.push(brief(key));
    else if (part.kind === "saved") saved.set(part.parameter, place);
    else if (part.kind === "base") base.set(part.parameter, place);
    else {
      const branch = halves.get(part.path) ?? { embedding: part.embedding };
      halves.set(part.path, { ...branch, [part.kind]: place });
      if (branch.embedding !== part.embedding) {
        throw wrong(`${brief(part.path)} has the halves of two kinds of branches`);
      }
    }
  }
  const branches = new Map<string, StoredBranch>();
  for (const [module, { embedding, A, B }] of halves) {
    if (!A || !B) throw wrong(`the branch of ${brief(module)} has no ${A ? "B" : "A"}`);
    const rank = A.shape[0];
    if (A.shape.length !== 2 || B.shape.length !== 2 || B.shape[1] !== rank) {
      throw wrong(`the halves of ${brief(module)} do not fit each other (A [${A.shape}], B [${B.shape}])`);
    }
    branches.set(module, { embedding, rank, A, B });
  }
  if (!branches.size && !saved.size) throw wrong("it has no tensor of an adapter");
  if (strange.length) {
    const some = strange.length > 3
      ? `${strange.slice(0, 3).join(", ")} and ${strange.length - 3} more`
      : strange.join(", ");
    notes.push(`"${folder}" has tensors that no adapter of ftx has: ${some}`);
  }
  return { folder, config, branches, saved, base, notes: [...notes, ...weights.notes] };
}
