import assert from "node:assert/strict";
import { readText } from "../settings/file.ts";
import { settle } from "./settle.ts";
import { writeRecipe } from "./write.ts";

const RECIPES = [
  "stage: sft",
  "stage: pt\nfinetuning_type: full",
  "finetuning_type: freeze\nfreeze_extra_modules: norm",
  "lora_rank: 4\nlora_alpha: 3\ninit_lora_weights: gaussian\nadapter: a,b",
  "eval_strategy: epoch\nsave_strategy: epoch\nval_size: 0.1\nload_best_model_at_end: true",
  'lr_scheduler_kwargs: {num_cycles: 2, x: "1"}\nenable_thinking: null\nresume_from_checkpoint: true',
  'run_name: "017"\ntemplate: "llama3"\ndefault_system: "a: b # c\\n\\ttab ü"\nadd_tokens: ["<a,b>", " x"]',
  "neat_packing: true\nadd_tokens: x\nadam_epsilon: 1e-12",
];

Deno.test("writeRecipe() writes what reads as the same recipe, without notes", () => {
  for (const text of RECIPES) {
    const { recipe } = settle(readText(`model: m\ndataset: d\n${text}`, "a"), "train");
    const again = settle(readText(writeRecipe(recipe), "run.yaml"), "train");
    assert.deepEqual(again.recipe, recipe, text);
    assert.equal(writeRecipe(again.recipe), writeRecipe(recipe));
    if (!text.includes("adapter")) assert.deepEqual(again.notes, [], text);
  }
});

Deno.test("writeRecipe() writes no secret", () => {
  const { recipe } = settle(readText("model: m\ndataset: d\nhf_hub_token: hf_secret", "a"), "train");
  assert.equal(recipe.hfHubToken, "hf_secret");
  assert.doesNotMatch(writeRecipe(recipe), /secret|token:/);
});

Deno.test("writeRecipe() names sections and keeps words that other YAML readers would take for something else", () => {
  const { recipe } = settle(readText("model: m\ndataset: d", "a"), "train");
  const text = writeRecipe(recipe);
  assert.match(text, /^### Model\nmodel_name_or_path: m\n/);
  assert.match(text, /\neval_strategy: "no"\n/);
  assert.match(text, /\nadam_epsilon: 1e-8\n/);
});
