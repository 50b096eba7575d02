import type { CausalLm } from "../models/mod.ts";
import type { Tensor } from "../tensor/mod.ts";

/** The weights that a run saves, and the configuration files that go with them. */
export interface SavedWeights {
  /** `adapter_model` or `model`: the name of the weights' file without its extension. */
  stem: string;
  /** The tensors by their names in the file, as they are now. */
  tensors: () => Iterable<[string, Tensor]>;
  /** The other files: name and text. */
  texts: Record<string, string>;
}

/** A whole model's files, as transformers saves them. `withEnds` completes them. */
export function modelFiles(model: CausalLm): SavedWeights {
  return { stem: "model", tensors: () => model.parameters(), texts: { "config.json": configText(model) } };
}

const DTYPES: Record<string, string> = { f32: "float32", bf16: "bfloat16", f16: "float16" };

/** `config.json` as it was read, with the run's changes. */
function configText({ config, placement }: CausalLm): string {
  const { torch_dtype: _, ...raw } = config.raw;
  const tied = (raw.tie_word_embeddings ?? false) === config.tieWordEmbeddings
    ? {}
    : { tie_word_embeddings: config.tieWordEmbeddings };
  const changed = { dtype: DTYPES[placement.dtype], vocab_size: config.vocabSize, ...tied };
  return JSON.stringify({ ...raw, ...changed }, null, 2) + "\n";
}
