import assert from "node:assert/strict";
import { newAdapter, type NewAdapterSettings } from "./new_adapter.ts";
import type { AdaptedModule } from "./peft/targets.ts";

const linear = ["self_attn.q_proj", "mlp.up_proj", "mlp.down_proj"];
const modules: AdaptedModule[] = [
  { path: "model", kind: "other" },
  { path: "model.embed_tokens", kind: "embedding" },
  ...[0, 1].flatMap((i): AdaptedModule[] => [
    { path: `model.layers.${i}`, kind: "other" },
    { path: `model.layers.${i}.mlp`, kind: "other" },
    ...linear.map((name): AdaptedModule => ({ path: `model.layers.${i}.${name}`, kind: "linear" })),
    { path: `model.layers.${i}.input_layernorm`, kind: "other" },
  ]),
  { path: "model.norm", kind: "other" },
  { path: "lm_head", kind: "linear" },
];
const settings: NewAdapterSettings = {
  ...{ loraRank: 4, loraAlpha: 8, loraDropout: 0, loraTarget: ["q_proj"], loraLayers: [], useRslora: false },
  ...{ initLoraWeights: true, modelNameOrPath: "base", modelRevision: "main" },
};
const whole = (names: string[], tied = false, loraTarget = ["q_proj"]) => {
  const options = { modules, blocks: 2, additionalTarget: names, tied };
  const { modulesToSave, ensureWeightTying } = newAdapter({ ...settings, loraTarget }, options);
  return [modulesToSave, ensureWeightTying];
};

Deno.test("newAdapter() saves modules by the names given, as PEFT reads them", () => {
  assert.deepEqual(whole([]), [[], false]);
  assert.deepEqual(whole(["norm", "lm_head"]), [["norm", "lm_head"], false]);
  assert.deepEqual(whole(["embed_tokens"]), [["embed_tokens"], false]);
});

Deno.test("newAdapter() names a module inside another by the outer one alone: PEFT cannot load both", () => {
  assert.deepEqual(whole(["mlp", "down_proj"]), [["model.layers.0.mlp", "model.layers.1.mlp"], false]);
  assert.deepEqual(whole(["layers.0", "down_proj"]), [["model.layers.0", "model.layers.1.mlp.down_proj"], false]);
});

Deno.test("newAdapter() keeps embedding and head one weight where only the embedding is named, and saves both", () => {
  assert.deepEqual(whole(["embed_tokens"], true), [["embed_tokens", "lm_head"], true]);
  assert.deepEqual(whole(["tokens"], true), [["model.embed_tokens", "lm_head"], true]);
  assert.deepEqual(whole(["lm_head"], true), [["lm_head"], false]);
  assert.deepEqual(whole(["embed_tokens", "lm_head"], true), [["embed_tokens", "lm_head"], false]);
  assert.deepEqual(whole(["embed_tokens"], true, ["q_proj", "lm_head"]), [["embed_tokens"], false]);
});

Deno.test("newAdapter() refuses a module that is not there", () => {
  assert.throws(() => whole(["embeddings"]), {
    name: "RecipeError",
    message:
      'Cannot use additional_target = "embeddings": no module has that name; there are model, embed_tokens, mlp, ' +
      "self_attn, q_proj, up_proj, down_proj, input_layernorm, norm, lm_head",
  });
});
