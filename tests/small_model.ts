// A small model of random weights with the tokenizer of the fixtures.
import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build, initialise, modelConfig } from "../src/models/mod.ts";
import { manualSeed } from "../src/tensor/mod.ts";
import { bytesOfTensor } from "../src/weights/mod.ts";
import { writeSafetensors } from "../src/safetensors/mod.ts";
import "./support/tensors.ts";

const tokenizer = new URL("fixtures/tokenizer", import.meta.url).pathname;

const CONFIG = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 352, // the tokenizer's 350, and two that no token uses
  hidden_size: 32,
  intermediate_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 256,
  initializer_range: 0.5, // wide, so that answers differ
  bos_token_id: null,
  eos_token_id: null,
};

/** Writes the model to a temporary folder, which the caller removes. */
export async function smallModel(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "ftx-small-model-"));
  cpSync(tokenizer, folder, { recursive: true });
  writeFileSync(join(folder, "config.json"), JSON.stringify(CONFIG));
  manualSeed(1);
  using model = build(modelConfig(CONFIG), { dtype: "f32", device: "cpu" });
  initialise(model);
  const tensors = Array.from(model.parameters(), ([name, p]) => [name, bytesOfTensor(p)] as const);
  await writeSafetensors(join(folder, "model.safetensors"), tensors, { format: "pt" });
  return folder;
}
