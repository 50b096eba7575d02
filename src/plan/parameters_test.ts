import assert from "node:assert/strict";
import { build, modelConfig } from "../models/mod.ts";
import { parametersOf } from "./parameters.ts";
import "../../tests/support/tensors.ts";

const small = {
  vocab_size: 40,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 4,
};

for (
  const [name, raw] of Object.entries({
    llama: { model_type: "llama" },
    "llama with biases": { model_type: "llama", attention_bias: true, mlp_bias: true },
    "llama whose head is the embedding": { model_type: "llama", tie_word_embeddings: true },
    mistral: { model_type: "mistral" },
    qwen2: { model_type: "qwen2" },
    qwen3: { model_type: "qwen3", head_dim: 8 },
  })
) {
  Deno.test(`parametersOf() lists those of a built model: ${name}`, () => {
    const config = modelConfig({ ...small, ...raw });
    using model = build(config, { dtype: "f32", device: "cpu" });
    const built = Array.from(model.parameters(), ([name, p]) => [name, p.shape]);
    const sorted = (all: readonly (readonly [string, unknown])[]) => all.toSorted(([a], [b]) => a < b ? -1 : 1);
    assert.deepEqual(sorted(parametersOf(config)), sorted(built as [string, number[]][]));
  });
}
