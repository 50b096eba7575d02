import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { build, initialise, modelConfig, untie } from "../models/mod.ts";
import { live } from "../tensor/mod.ts";
import { modelFiles } from "./files.ts";

const raw = {
  architectures: ["LlamaForCausalLM"],
  vocab_size: 8,
  hidden_size: 8,
  intermediate_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  torch_dtype: "float16",
};

/** Whether a model's files say that it is tied, and whether they have a head. */
function saved(tie_word_embeddings: boolean | undefined, unties: boolean) {
  const before = live();
  const model = build(modelConfig({ ...raw, tie_word_embeddings }), { dtype: "f32", device: "cpu" });
  initialise(model);
  if (unties) untie(model);
  const { texts, tensors } = modelFiles(model);
  const { tie_word_embeddings: tied, dtype, torch_dtype } = JSON.parse(texts["config.json"]);
  const head = new Map(tensors()).get("lm_head.weight"), equal = head && [...head.toArray()];
  if (equal) assert.equal(unties, equal.join() === [...model.model.embedTokens.weight.toArray()].join());
  assert.deepEqual([dtype, torch_dtype], ["float32", undefined]);
  model[Symbol.dispose]();
  assert.equal(live(), before);
  return [tied, head !== undefined];
}

Deno.test("modelFiles() says that a model is tied only where it is still", () => {
  assert.deepEqual(saved(undefined, false), [undefined, true]);
  assert.deepEqual(saved(false, false), [false, true]);
  assert.deepEqual(saved(true, false), [true, false]);
  assert.deepEqual(saved(true, true), [false, true]);
});
