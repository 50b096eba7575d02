import assert from "node:assert/strict";
import { jsonSchema } from "./json_schema.ts";

// deno-lint-ignore no-explicit-any
const properties = jsonSchema().properties as any;

Deno.test("jsonSchema() has every setting in snake_case with its text and default", () => {
  assert.deepEqual(properties.lora_rank, {
    description: "Rank of the LoRA matrices A and B. Only with finetuning_type = lora",
    default: 8,
    anyOf: [{ type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER }, { type: "null" }],
  });
  assert.deepEqual(properties.model, properties.model_name_or_path);
  assert.equal(
    properties.cutoff_len.description,
    "Maximum length of an example; longer ones are shortened. Unit: tokens",
  );
});

Deno.test("jsonSchema() allows lists as text, synonyms and null", () => {
  assert.deepEqual(properties.dataset.anyOf[1], { type: "string", description: "values as a,b" });
  assert.ok(properties.dtype.anyOf[0].enum.includes("bfloat16"));
  assert.deepEqual(properties.enable_thinking.anyOf, [{ type: ["boolean", "null"] }]);
});
