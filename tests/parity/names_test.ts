import assert from "node:assert/strict";
import { build, modelConfig } from "../../src/models/mod.ts";
import { readHeader } from "../../src/safetensors/mod.ts";
import { live } from "../../src/tensor/mod.ts";
import { json, path } from "./fixture.ts";

for (const name of ["llama2", "llama3", "llama_bias", "mistral", "qwen2", "qwen3"]) {
  Deno.test(`${name}: parameters have the names and shapes of transformers' checkpoint, and end with the model`, async () => {
    const before = live();
    const model = build(modelConfig(json(`models/${name}/config.json`)), { dtype: "f32", device: "cpu" });
    const { tensors } = await readHeader(path(`models/${name}/model.safetensors`));
    const theirs = Array.from(tensors, ([key, { shape }]) => `${key} [${shape}]`);
    assert.deepEqual([...model.parameters()].map(([key, p]) => `${key} [${p.shape}]`).sort(), theirs.sort());
    model[Symbol.dispose]();
    assert.equal(live(), before);
  });
}
