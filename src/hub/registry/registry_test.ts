import assert from "node:assert/strict";
import { TEMPLATES } from "../../../templates/mod.ts";
import { repositoryNamed } from "../repository.ts";
import { modelNamed, MODELS, templateOf } from "./mod.ts";

Deno.test("every short name is in small letters, leads to a repository, and its template is one of ours", () => {
  for (const [alias, { hub, template }] of Object.entries(MODELS)) {
    assert.match(alias, /^[a-z0-9]+([.-][a-z0-9]+)*$/);
    assert.deepEqual(repositoryNamed(hub, "model"), { kind: "model", id: hub, revision: "main" });
    assert.ok(template === undefined || Object.hasOwn(TEMPLATES, template), `${alias}: ${template}`);
  }
  assert.ok(Object.keys(MODELS).length > 150);
});

Deno.test("the names of the manual are known, with their templates", () => {
  const known = [
    "llama-2-7b",
    "llama-3.1-8b-instruct",
    "llama-3.3-70b-instruct",
    "qwen2.5-7b-instruct",
    "qwen3-0.6b",
    "mistral-7b",
  ];
  assert.deepEqual(known.map((name) => [modelNamed(name)?.hub, modelNamed(name)?.template]), [
    ["meta-llama/Llama-2-7b-hf", "llama2"],
    ["meta-llama/Llama-3.1-8B-Instruct", "llama3"],
    ["meta-llama/Llama-3.3-70B-Instruct", "llama3"],
    ["Qwen/Qwen2.5-7B-Instruct", "qwen"],
    ["Qwen/Qwen3-0.6B", "qwen3"],
    ["mistralai/Mistral-7B-v0.3", "mistral"],
  ]);
});

Deno.test("LLaMA-Factory's names are known as well", () => {
  const names = [
    "Llama-3.2-1B-Instruct",
    "Mistral-7B-Instruct-v0.2",
    "Qwen3-8B-Thinking",
    "Qwen2.5-Coder-7B",
    "Yi-1.5-9B-Chat",
  ];
  assert.deepEqual(names.map((name) => modelNamed(name)?.hub), [
    "meta-llama/Llama-3.2-1B-Instruct",
    "mistralai/Mistral-7B-Instruct-v0.2",
    "Qwen/Qwen3-8B",
    "Qwen/Qwen2.5-Coder-7B",
    "01-ai/Yi-1.5-9B-Chat",
  ]);
});

Deno.test("templateOf() knows repositories by their own names; others have none", () => {
  assert.equal(templateOf("meta-llama/llama-3.1-8b"), "llama3");
  assert.equal(templateOf("someone/something"), undefined);
  assert.equal(modelNamed("constructor"), undefined);
});
