import assert from "node:assert/strict";
import { camelCase, kebabCase, keyOf, snakeCase } from "./spelling.ts";

Deno.test("one rule turns loraRank into lora_rank and --lora-rank, and back", () => {
  assert.equal(snakeCase("loraRank"), "lora_rank");
  assert.equal(kebabCase("perDeviceTrainBatchSize"), "per-device-train-batch-size");
  for (const name of ["loraRank", "adamBeta1", "topP", "bf16", "pureBf16", "useRslora"]) {
    assert.equal(camelCase(snakeCase(name)), name);
    assert.equal(camelCase("--" + kebabCase(name)), name);
  }
});

Deno.test("keyOf() spells any name as files do", () => {
  for (const name of ["loraRank", "lora_rank", "lora-rank", "--lora-rank"]) assert.equal(keyOf(name), "lora_rank");
  assert.equal(keyOf("--load-in-4bit"), "load_in_4bit");
});
