import assert from "node:assert/strict";
import { makeRecipe } from "../recipe/mod.ts";
import { nextCommands } from "./next_commands.ts";

const next = (settings: Record<string, unknown>, folder = "out") =>
  nextCommands(makeRecipe({ modelNameOrPath: "m", dataset: ["d"], ...settings }), folder);

Deno.test("nextCommands() names the adapter with its model, and with the adapters below it", () => {
  assert.equal(
    next({}),
    'The adapter is in "out". Talk with it, or merge it into its model:\n' +
      "  ftx chat --model m --adapter out\n  ftx export --model m --adapter out --export-dir out-merged",
  );
  const below = { adapterNameOrPath: ["a", "b"] };
  assert.match(next(below), /chat --model m --adapter a,out\n/);
  assert.match(next({ ...below, createNewAdapter: true }), /chat --model m --adapter a,b,out\n/);
  assert.match(next({ ...below, adapterFolder: "sub" }), /chat --model m --adapter a\/sub,out\n/);
});

Deno.test("nextCommands() names a whole model, which knows its template, and quotes what a shell would split", () => {
  assert.equal(
    next({ finetuningType: "full", template: "llama3" }, "my runs/it's"),
    `The model is in "my runs/it's". Talk with it:\n  ftx chat --model 'my runs/it'\\''s'`,
  );
  assert.match(next({ finetuningType: "full", stage: "pt" }), / --template empty$/);
});
