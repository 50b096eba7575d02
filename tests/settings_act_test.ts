// An option that is accepted is an option that acts, or that says why nothing has to be done for it.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SETTINGS } from "../src/recipe/recipe.ts";
import { factsOf } from "../src/recipe/setting.ts";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

/** Settings that act where the recipe is read, and so are used up there. */
const IN_RECIPE = ["disableGradientCheckpointing", "neatPacking"];

Deno.test("every setting without a note is read by some code outside src/recipe", () => {
  const code = readdirSync(SRC, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !/^recipe|(settings|_test|\.gen)\.ts$/.test(file))
    .map((file) => readFileSync(join(SRC, file), "utf8"))
    .join("\n");
  const idle = Object.entries(SETTINGS)
    .filter(([name, schema]) => factsOf(schema).note === undefined && !IN_RECIPE.includes(name))
    .map(([name]) => name)
    .filter((name) => !new RegExp(`\\b${name}\\b`).test(code));
  assert.deepEqual(idle, []);
});
