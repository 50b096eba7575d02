import assert from "node:assert/strict";
import { SECTIONS, SETTINGS } from "./recipe.ts";
import { camelCase, factsOf, kebabCase, snakeCase } from "./setting.ts";

Deno.test("one rule turns loraRank into lora_rank and --lora-rank, and back", () => {
  assert.equal(snakeCase("loraRank"), "lora_rank");
  assert.equal(kebabCase("perDeviceTrainBatchSize"), "per-device-train-batch-size");
  for (const name of ["loraRank", "adamBeta1", "topP", "bf16", "pureBf16", "useRslora"]) {
    assert.equal(camelCase(snakeCase(name)), name);
    assert.equal(camelCase("--" + kebabCase(name)), name);
  }
});

Deno.test("every setting has a name that can be spelled in all three ways, and a sentence of help", () => {
  for (const [name, schema] of Object.entries(SETTINGS)) {
    assert.equal(camelCase(snakeCase(name)), name);
    assert.match(factsOf(schema).description, /^[A-Za-z].*[^.]$/, name);
  }
});

Deno.test("no two settings share a name or an alias", () => {
  const names = Object.entries(SETTINGS).flatMap(([name, schema]) => [name, ...factsOf(schema).aliases ?? []]);
  assert.deepEqual(names.filter((name, i) => names.indexOf(name) !== i), []);
});

Deno.test("SECTIONS hold every setting once", () => {
  assert.deepEqual(SECTIONS.flatMap(({ shape }) => Object.keys(shape)), Object.keys(SETTINGS));
});
