import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { build, type CausalLm, modelConfig } from "../models/mod.ts";
import { live } from "../tensor/mod.ts";
import type { FreezeSettings } from "./chosen.ts";
import { trainAll, trainSome } from "./chosen.ts";

function model(changes: Record<string, unknown> = {}): CausalLm {
  const config = modelConfig({
    architectures: ["LlamaForCausalLM"],
    vocab_size: 10,
    hidden_size: 8,
    intermediate_size: 8,
    num_hidden_layers: 3,
    num_attention_heads: 2,
    ...changes,
  });
  return build(config, { dtype: "f32", device: "cpu" });
}

const trained = (lm: CausalLm) => [...lm.parameters()].filter(([, p]) => p.wantsGrad).map(([name]) => name);

const BLOCK = [
  ...["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"],
  ...["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj", "input_layernorm", "post_attention_layernorm"],
].map((name) => `${name}.weight`);
const block = (i: number, names = BLOCK) => names.map((name) => `model.layers.${i}.${name}`);
const mlp = BLOCK.slice(4, 7), q = BLOCK.slice(0, 1);

const cases: [string, Partial<FreezeSettings>, string[]][] = [
  ["the last two blocks", { freezeTrainableLayers: 2 }, [...block(1), ...block(2)]],
  ["the first block", { freezeTrainableLayers: -1 }, block(0)],
  ["all blocks", { freezeTrainableLayers: 3 }, [...block(0), ...block(1), ...block(2)]],
  ["all blocks, from the first", { freezeTrainableLayers: -3 }, [...block(0), ...block(1), ...block(2)]],
  ["a part of a block", { freezeTrainableModules: ["mlp"] }, block(2, mlp)],
  ["two parts, one of them deeper", { freezeTrainableModules: ["mlp", "q_proj"] }, block(2, [...q, ...mlp])],
  ["modules outside the blocks as well", { freezeExtraModules: ["embed_tokens", "norm", "lm_head"] }, [
    "model.embed_tokens.weight",
    ...block(2),
    "model.norm.weight",
    "lm_head.weight",
  ]],
  ["no block, but the head", { freezeTrainableLayers: 0, freezeExtraModules: ["lm_head"] }, ["lm_head.weight"]],
];
for (const [what, settings, names] of cases) {
  Deno.test(`trainSome() trains ${what}, and nothing else`, () => {
    const before = live();
    const lm = model();
    trainAll(lm);
    trainSome(lm, { freezeTrainableLayers: 1, freezeTrainableModules: ["all"], freezeExtraModules: [], ...settings });
    assert.deepEqual(trained(lm), names);
    lm[Symbol.dispose]();
    assert.equal(live(), before);
  });
}

const PARTS =
  "inside a block there are self_attn, q_proj, k_proj, v_proj, o_proj, mlp, gate_proj, up_proj, down_proj, " +
  "input_layernorm, post_attention_layernorm, outside model, embed_tokens, norm, lm_head";
const refused: [Partial<FreezeSettings>, string][] = [
  [
    { freezeTrainableLayers: 4 },
    "Cannot use freeze_trainable_layers = 4: the model has 3 blocks; choose 1 to 3, or -1 to -3 for the first ones",
  ],
  [
    { freezeTrainableLayers: -4 },
    "Cannot use freeze_trainable_layers = -4: the model has 3 blocks; choose 1 to 3, or -1 to -3 for the first ones",
  ],
  [
    { freezeTrainableLayers: 0 },
    "Cannot use freeze_trainable_layers = 0: the model has 3 blocks; choose 1 to 3, or -1 to -3 for the first ones",
  ],
  [
    { freezeTrainableModules: ["mlpp", "mlp", "qq"], freezeExtraModules: ["embed"] },
    `Cannot use freeze_trainable_modules = "mlpp,qq": no parameter has that name; ${PARTS}`,
  ],
  [
    { freezeExtraModules: ["mlp"] },
    `Cannot use freeze_extra_modules = "mlp": no parameter has that name; ${PARTS}`,
  ],
];
for (const [settings, message] of refused) {
  Deno.test(`trainSome() refuses ${JSON.stringify(settings)}`, () => {
    using lm = model();
    const all = { freezeTrainableLayers: 1, freezeTrainableModules: ["all"], freezeExtraModules: [], ...settings };
    assert.throws(() => trainSome(lm, all), { name: "RecipeError", message });
  });
}

Deno.test("trainAll() trains every parameter", () => {
  using lm = model();
  trainAll(lm);
  assert.equal(trained(lm).length, 3 + 3 * BLOCK.length);
});
