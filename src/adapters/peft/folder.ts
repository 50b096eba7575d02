import { CheckpointError } from "../../errors.ts";
import { brief } from "../../safetensors/json.ts";
import { openWeights, readJsonObject, type TensorPlace } from "../../safetensors/mod.ts";
import { type LoraConfig, loraConfig } from "./config.ts";
import { type AdapterPart, parseAdapterKey } from "./keys.ts";

/** The folder of a PEFT adapter, checked; no tensor is read yet. */
export interface AdapterFolder {
  folder: string;
  config: LoraConfig;
  /** By name in the file, without the weights of the base model that PEFT may add. */
  tensors: Map<string, TensorPlace>;
  /** One sentence for each thing that was ignored. */
  notes: string[];
}

/**
 * Opens an adapter's folder as PEFT saves it: `adapter_config.json` and `adapter_model.safetensors`.
 *
 * @example
 * ```ts
 * const { config, tensors } = await openAdapter("runs/docker");
 * tensors.get("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight")!.shape; // [8, 2048]
 * ```
 * @throws {CheckpointError} A file is missing or wrong; the message says which and what to do.
 */
export async function openAdapter(folder: string): Promise<AdapterFolder> {
  const { config, notes } = await openConfig(folder);
  const weights = await openWeights(folder, "adapter_model");
  const parts = new Map([...weights.tensors].map(([key, place]) => [key, { part: parseAdapterKey(key), place }]));
  checkParts(folder, [...parts.values()]);
  const own = [...parts].filter(([, { part }]) => part?.kind !== "base").map(([key, { place }]) =>
    [key, place] as const
  );
  return { folder, config, tensors: new Map(own), notes: [...notes, ...weights.notes] };
}

async function openConfig(folder: string) {
  const path = `${folder}/adapter_config.json`;
  const info = await Deno.stat(path).catch(() => undefined);
  if (info?.isFile) return loraConfig(await readJsonObject(path), path);
  const there = await Deno.stat(folder).then(() => true, () => false);
  throw new CheckpointError(
    `Cannot load "${folder}": ${there ? "it has no adapter_config.json" : "there is no such folder"}; ` +
      "give an adapter's folder as PEFT saves it",
  );
}

/** Throws if no tensor belongs to an adapter, or if the halves A [r, in] and B [out, r] of a branch do not fit each other. */
function checkParts(folder: string, parts: { part: AdapterPart | null; place: TensorPlace }[]) {
  const wrong = (what: string) => new CheckpointError(`Cannot load "${folder}": ${what}; save the adapter again`);
  if (!parts.some(({ part }) => part && part.kind !== "base")) throw wrong("none of its tensors belongs to an adapter");
  const branches = new Map<string, { A?: TensorPlace; B?: TensorPlace }>();
  for (const { part, place } of parts) {
    if (part?.kind !== "A" && part?.kind !== "B") continue;
    const branch = `${part.path}${part.embedding ? " (embedding)" : ""}`;
    branches.set(branch, { ...branches.get(branch), [part.kind]: place });
  }
  for (const [branch, { A, B }] of branches) {
    if (!A || !B) throw wrong(`the branch of ${brief(branch)} has no ${A ? "B" : "A"}`);
    if (A.shape.length !== 2 || B.shape.length !== 2 || B.shape[1] !== A.shape[0]) {
      throw wrong(`the halves of ${brief(branch)} do not match (A [${A.shape}], B [${B.shape}])`);
    }
  }
}
