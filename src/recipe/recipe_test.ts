import assert from "node:assert/strict";
import { factsOf } from "../settings/setting.ts";
import { camelCase, snakeCase } from "../settings/spelling.ts";
import { SECTIONS, SETTINGS } from "./recipe.ts";

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
