/**
 * Start of all names in an adapter's file: PEFT's wrapper and HF's model. The path of a module and the part of it follow.
 * The adapter's own name is never written.
 */
const PREFIX = "base_model.model.";

/** What a tensor in an adapter's file is. */
export type AdapterPart =
  /** Half of the branch of the module at `path`, which is a linear layer or an embedding. */
  | { kind: "A" | "B"; path: string; embedding: boolean }
  /** A parameter that was trained in full (`modules_to_save`): `lm_head.weight`. */
  | { kind: "saved"; parameter: string }
  /** A weight of the base model that PEFT adds to the file, such as that of an adapted embedding. */
  | { kind: "base"; parameter: string };

/** Name of half a branch: A [r, in] and B [out, r]; for an embedding A [r, vocabulary] and B [hidden, r]. */
export const branchKey = (path: string, half: "A" | "B", { embedding = false } = {}): string =>
  PREFIX + path + (embedding ? `.lora_embedding_${half}` : `.lora_${half}.weight`);

/** Name of a parameter that was trained whole; `parameter` is its name in the model's own file. */
export const savedKey = (parameter: string): string => PREFIX + parameter;

/** What the tensor of that name is; null if it belongs to no adapter that ftx supports. */
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
