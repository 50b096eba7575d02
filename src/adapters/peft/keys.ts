/**
 * Names in an adapter's file: `base_model.model.` (PEFT's wrapper and HF's model), the path of the module, and what of it.
 * The adapter's own name never stands in a file.
 */
const PREFIX = "base_model.model.";

/** What of an adapter a tensor is. */
export type AdapterPart =
  /** Half of a branch beside the module at `path`: of a linear layer or of an embedding. */
  | { kind: "A" | "B"; path: string; embedding: boolean }
  /** A parameter that was trained whole (`modules_to_save`): `lm_head.weight`. */
  | { kind: "saved"; parameter: string }
  /** A weight of the base that PEFT adds to the file, such as that of a targeted embedding. */
  | { kind: "base"; parameter: string };

/** The name of half a branch: A is [r, in], B is [out, r]; of an embedding [r, vocabulary] and [hidden, r]. */
export const branchKey = (path: string, half: "A" | "B", { embedding = false } = {}): string =>
  PREFIX + path + (embedding ? `.lora_embedding_${half}` : `.lora_${half}.weight`);

/** The name of a parameter that was trained whole; `parameter` as in the model's own file. */
export const savedKey = (parameter: string): string => PREFIX + parameter;

/** What the tensor of that name is; null: nothing that an adapter of ours has. */
export function parseAdapterKey(key: string): AdapterPart | null {
  if (!key.startsWith(PREFIX)) return null;
  const rest = key.slice(PREFIX.length);
  const linear = rest.match(/^(.+)\.lora_([AB])\.weight$/);
  if (linear) return { kind: linear[2] as "A" | "B", path: linear[1], embedding: false };
  const embedding = rest.match(/^(.+)\.lora_embedding_([AB])$/);
  if (embedding) return { kind: embedding[2] as "A" | "B", path: embedding[1], embedding: true };
  if (/\.lora_/.test(rest)) return null; // a magnitude of DoRA, a bias of B …
  const base = rest.match(/^(.+)\.base_layer\.(weight|bias)$/);
  if (base) return { kind: "base", parameter: `${base[1]}.${base[2]}` };
  return { kind: "saved", parameter: rest };
}
