import { CheckpointError } from "../../errors.ts";
import { brief } from "../../safetensors/json.ts";
import { openWeights, readJsonObject, type TensorPlace } from "../../safetensors/mod.ts";
import { type LoraConfig, loraConfig } from "./config.ts";
import { type AdapterPart, parseAdapterKey, PREFIX } from "./keys.ts";

/** A tensor of an adapter's file. */
export interface AdapterTensor {
  /** Its name in the file. */
  key: string;
  part: Exclude<AdapterPart, { kind: "feature" }>;
  place: TensorPlace;
}

/** The folder of a PEFT adapter, checked; no tensor is read yet. */
export interface AdapterFolder {
  folder: string;
  config: LoraConfig;
  /** Every tensor of the file. */
  tensors: AdapterTensor[];
  /** One sentence for each thing that was ignored. */
  notes: string[];
}

/**
 * Opens an adapter's folder as PEFT saves it: `adapter_config.json` and `adapter_model.safetensors`.
 *
 * @example
 * ```ts
 * const { config, tensors } = await openAdapter("runs/docker");
 * tensors[0]; // { key: "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight", part: …, place: … }
 * ```
 * @throws {CheckpointError} A file is missing or wrong; the message says which and what to do.
 */
export async function openAdapter(folder: string): Promise<AdapterFolder> {
  const { config, notes } = await openConfig(folder);
  const weights = await openWeights(folder, "adapter_model");
  const { tensors, prefix } = readKeys(folder, weights.tensors);
  checkParts(folder, tensors);
  if (!prefix) notes.push(`"${folder}": the names of its tensors lack "${PREFIX}"; they are read as if they had it`);
  return { folder, config, tensors, notes: [...notes, ...weights.notes] };
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

/** What each tensor is. Throws if one belongs to a feature that ftx lacks, or if they are those of several adapters. */
function readKeys(folder: string, places: ReadonlyMap<string, TensorPlace>) {
  const keys = [...places.keys()];
  const prefix = keys.some((key) => key.startsWith(PREFIX)) ? PREFIX : "";
  const other = keys.find((key) => !key.startsWith(prefix));
  if (other) throw wrong(folder, `tensor ${brief(other)} does not start with "${PREFIX}", as others do`);
  const adapters = new Set<string>(), tensors: AdapterTensor[] = [];
  for (const [key, place] of places) {
    const part = parseAdapterKey(key, prefix);
    if (part.kind === "feature") {
      throw new CheckpointError(
        `Cannot load "${folder}": tensor ${brief(key)} belongs to ${part.feature}, which ftx does not have yet; ` +
          "use another adapter",
      );
    }
    if ("adapter" in part) adapters.add(part.adapter!);
    tensors.push({ key, part, place });
  }
  if (adapters.size > 1) throw wrong(folder, `it holds several adapters (${[...adapters].slice(0, 3).join(", ")})`);
  return { tensors, prefix };
}

/** Throws if no tensor belongs to an adapter, or if the halves A [r, in] and B [out, r] of a branch do not fit each other. */
function checkParts(folder: string, tensors: readonly AdapterTensor[]) {
  const branches = new Map<string, { A?: TensorPlace; B?: TensorPlace }>();
  for (const { part, place } of tensors) {
    if (part.kind !== "A" && part.kind !== "B") continue;
    const branch = `${part.path}${part.embedding ? " (embedding)" : ""}`;
    branches.set(branch, { ...branches.get(branch), [part.kind]: place });
  }
  if (branches.size === 0) throw wrong(folder, "none of its tensors belongs to an adapter");
  for (const [branch, { A, B }] of branches) {
    if (!A || !B) throw wrong(folder, `the branch of ${brief(branch)} has no ${A ? "B" : "A"}`);
    if (A.shape.length !== 2 || B.shape.length !== 2 || B.shape[1] !== A.shape[0]) {
      throw wrong(folder, `the halves of ${brief(branch)} do not match (A [${A.shape}], B [${B.shape}])`);
    }
  }
}

const wrong = (folder: string, what: string) =>
  new CheckpointError(`Cannot load "${folder}": ${what}; save the adapter again`);
