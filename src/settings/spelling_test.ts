import assert from "node:assert/strict";
import { camelCase, kebabCase, snakeCase } from "./spelling.ts";

Deno.test("one rule turns loraRank into lora_rank and --lora-rank, and back", () => {
  assert.equal(snakeCase("loraRank"), "lora_rank");
  assert.equal(kebabCase("perDeviceTrainBatchSize"), "per-device-train-batch-size");
  for (const name of ["loraRank", "adamBeta1", "topP", "bf16", "pureBf16", "useRslora"]) {
    assert.equal(camelCase(snakeCase(name)), name);
    assert.equal(camelCase("--" + kebabCase(name)), name);
  }
});
