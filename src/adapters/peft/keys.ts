/** Start of all names in an adapter's file: PEFT's wrapper and HF's model. The path of a module and the part of it follow. */
export const PREFIX = "base_model.model.";

/** What a tensor in an adapter's file is. */
export type AdapterPart =
  /** Half of the branch of the module at `path`, which is a linear layer or an embedding. */
  | { kind: "A" | "B"; path: string; embedding: boolean; adapter?: string }
  /**
   * A parameter of the model by its own name: trained whole, or a weight of the base that PEFT adds to the file. `below`: it
   * lies below a branch.
   */
  | { kind: "parameter"; name: string; below: boolean; adapter?: string }
  /** A weight of the base under a module that is trained whole. */
  | { kind: "original"; name: string }
  /** Part of a feature that ftx does not have. */
  | { kind: "feature"; feature: string };

/** Name of half a branch: A [r, in] and B [out, r]; for an embedding A [r, vocabulary] and B [hidden, r]. */
export const branchKey = (path: string, half: "A" | "B", { embedding = false } = {}): string =>
  PREFIX + path + (embedding ? `.lora_embedding_${half}` : `.lora_${half}.weight`);

/** Name of a parameter that was trained whole; `parameter` is its name in the model's own file. */
export const savedKey = (parameter: string): string => PREFIX + parameter;

/** Name of a weight below a branch, such as a trained bias; `parameter` is its name in the model's own file. */
export const baseKey = (parameter: string): string => PREFIX + parameter.replace(/\.(\w+)$/, ".base_layer.$1");

const FEATURES: [RegExp, string][] = [
  [/\.lora_magnitude_vector\b/, "DoRA"],
  [/\.lora_B(\.\w+)?\.bias$/, "a bias of B"],
  [/\.trainable_tokens_/, "training single tokens"],
  [/\.(lora|kasa|velora|monteclora)_/, "a kind of LoRA that ftx does not know"],
];

/**
 * What the tensor of that name is. PEFT leaves the adapter's own name out of a file; where it is in (`lora_A.default.weight`),
 * as in a state dict that was saved by hand, the part says it.
 *
 * @param prefix what all names of the file start with: {@linkcode PREFIX}, or nothing
 */
export function parseAdapterKey(key: string, prefix = PREFIX): AdapterPart {
  const rest = key.slice(prefix.length);
  const [, linear, half, of] = rest.match(/^(.+)\.lora_([AB])(?:\.([^.]+))?\.weight$/) ?? [];
  if (linear) return { kind: half as "A" | "B", path: linear, embedding: false, ...named(of) };
  const [, embedding, part, by] = rest.match(/^(.+)\.lora_embedding_([AB])(?:\.([^.]+))?$/) ?? [];
  if (embedding) return { kind: part as "A" | "B", path: embedding, embedding: true, ...named(by) };
  const feature = FEATURES.find(([pattern]) => pattern.test(rest));
  if (feature) return { kind: "feature", feature: feature[1] };
  const [, hidden, below] = rest.match(/^(.+)\.original_module\.(.+)$/) ?? [];
  if (hidden) return { kind: "original", name: `${hidden}.${below}` };
  // The name of the adapter is only left out in front of the last part.
  const [, saved, adapter, last] = rest.match(/^(.+)\.modules_to_save\.(?:([^.]+)\.)?(.+)$/) ?? [];
  if (saved) return { kind: "parameter", name: `${saved}.${last}`, below: false, ...named(adapter) };
  const name = rest.replace(/\.base_layer\.(\w+)$/, ".$1");
  return { kind: "parameter", name, below: name !== rest };
}

const named = (adapter: string | undefined) => adapter === undefined ? {} : { adapter };
