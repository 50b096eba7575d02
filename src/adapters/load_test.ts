import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { build, type CausalLm, initialise, modelConfig } from "../models/mod.ts";
import { writeSafetensors } from "../safetensors/mod.ts";
import { live, manualSeed } from "../tensor/mod.ts";
import { attachAdapter } from "./mod.ts";

const V = 12, D = 8;

function model(tie_word_embeddings: boolean): CausalLm {
  const config = modelConfig({
    ...{ architectures: ["LlamaForCausalLM"], vocab_size: V, hidden_size: D, intermediate_size: 8 },
    ...{ num_hidden_layers: 1, num_attention_heads: 2, tie_word_embeddings },
  });
  const lm = build(config, { dtype: "f32", device: "cpu" });
  manualSeed(4);
  initialise(lm);
  return lm;
}

/** Names of tensors without PEFT's prefix, their shapes, and the value that fills each. */
type Tensors = Record<string, [shape: number[], value?: number]>;

const branch = (path: string, out: number, into: number): Tensors => ({
  [`${path}.lora_A.weight`]: [[2, into]],
  [`${path}.lora_B.weight`]: [[out, 2]],
});
const q = branch("model.layers.0.self_attn.q_proj", D, D);
const row = (rows: number, value?: number): [number[], number?] => [[rows, D], value];

/** Attaches an adapter of these tensors; gives the model's values afterwards, the names written again and what was said. */
async function attach(tied: boolean, tensors: Tensors, config: Record<string, unknown> = {}) {
  const folder = await Deno.makeTempDir(), notes: string[] = [], before = live();
  const given = { peft_type: "LORA", task_type: "CAUSAL_LM", r: 2, target_modules: ["q_proj"], ...config };
  const lm = model(tied);
  try {
    await Deno.writeTextFile(`${folder}/adapter_config.json`, JSON.stringify(given));
    const filled = Object.entries(tensors).map(([name, [shape, value = 0.5]]) => {
      const data = new Uint8Array(new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value).buffer);
      return [`base_model.model.${name}`, { dtype: "F32", shape, data }] as const;
    });
    await writeSafetensors(`${folder}/adapter_model.safetensors`, filled, { format: "pt" });
    const { places } = await attachAdapter(lm, folder, (note) => notes.push(note.replace(folder, "FOLDER")));
    const { embedTokens } = lm.model, first = (t: { toArray(): ArrayLike<number> } | undefined) => t?.toArray()[0];
    const head = [...lm.parameters()].find(([name]) => name === "lm_head.weight")?.[1];
    const written = [...places.keys()].map((key) => key.replace("base_model.model.", "")).filter((key) => !(key in q));
    return {
      embedding: first(embedTokens.weight),
      head: first(head),
      rows: lm.config.vocabSize,
      trained: [...lm.parameters()].filter(([name, p]) => p.wantsGrad && !(name in q)).map(([name]) => name),
      written,
      notes,
    };
  } catch (error) {
    (error as Error).message = (error as Error).message.replaceAll(folder, "FOLDER");
    throw error;
  } finally {
    lm[Symbol.dispose]();
    await Deno.remove(folder, { recursive: true });
    assert.equal(live(), before);
  }
}

const EMBEDDING = "model.embed_tokens.weight", HEAD = "lm_head.weight";
const base = { embedding: undefined, head: undefined, rows: V, trained: [], written: [], notes: [] };

/** What an adapter makes of embedding and head; undefined stands for a value that is the base's. */
const found: [string, boolean, Tensors, Record<string, unknown>, Partial<Awaited<ReturnType<typeof attach>>>][] = [
  ["the embedding alone unties", true, { [EMBEDDING]: row(V, 2) }, { modules_to_save: ["embed_tokens"] }, {
    embedding: 2,
    trained: [EMBEDDING],
    written: [EMBEDDING],
  }],
  ["both kept tied", true, { [EMBEDDING]: row(V, 2), [HEAD]: row(V, 2) }, {
    modules_to_save: ["embed_tokens", "lm_head"],
    ensure_weight_tying: true,
  }, { embedding: 2, trained: [EMBEDDING], written: [EMBEDDING, HEAD] }],
  ["weights of the base that PEFT saved", true, { [EMBEDDING]: row(V, 3), [HEAD]: row(V, 3) }, {}, {
    embedding: 3,
    written: [EMBEDDING],
  }],
  [
    "a weight of the base below the head's branch is the embedding's, too",
    true,
    {
      ...branch("lm_head", V, D),
      "lm_head.base_layer.weight": row(V, 4),
    },
    { target_modules: ["q_proj", "lm_head"] },
    {
      embedding: 4,
      head: 4,
      trained: ["lm_head.lora_A.weight", "lm_head.lora_B.weight"],
      written: ["lm_head.lora_A.weight", "lm_head.lora_B.weight", "lm_head.base_layer.weight"],
    },
  ],
  ["a larger vocabulary", true, { [EMBEDDING]: row(V + 4, 5) }, {}, {
    embedding: 5,
    rows: V + 4,
    written: [EMBEDDING],
  }],
  ["a hidden weight of the base is told", false, {
    [EMBEDDING]: row(V, 6),
    "model.embed_tokens.original_module.weight": row(V, 1),
  }, {
    modules_to_save: ["embed_tokens"],
  }, {
    embedding: 6,
    trained: [EMBEDDING],
    written: [EMBEDDING],
    notes: [
      '"FOLDER": weights of the base under modules trained whole are not used ' +
      "(base_model.model.model.embed_tokens.original_module.weight)",
    ],
  }],
  ["nothing to tie is told", false, {}, { ensure_weight_tying: true }, {
    notes: ["ensure_weight_tying has no effect: no embedding is trained that is the head, too"],
  }],
];
for (const [what, tied, tensors, config, want] of found) {
  Deno.test(`attachAdapter(): ${what}`, async () => {
    const got = await attach(tied, { ...q, ...tensors }, config);
    const known = { ...base, ...want };
    assert.deepEqual({ ...got, embedding: known.embedding && got.embedding, head: known.head && got.head }, known);
  });
}

const refused: [string, boolean, Tensors, Record<string, unknown>, string][] = [
  [
    "a tensor of another model",
    false,
    { "model.layers.7.mlp.up_proj.weight": row(8) },
    {},
    'Cannot load "FOLDER": tensor base_model.model.model.layers.7.mlp.up_proj.weight is not of this model; ' +
    "check that the adapter was made for this model",
  ],
  [
    "a weight below a branch that is not there",
    false,
    { "lm_head.base_layer.weight": row(V) },
    {},
    'Cannot load "FOLDER": tensor base_model.model.lm_head.base_layer.weight is not of this model; ' +
    "check that the adapter was made for this model",
  ],
  [
    "a weight of the base that is not said to lie below its branch",
    false,
    { "model.layers.0.self_attn.q_proj.weight": row(D) },
    {},
    'Cannot load "FOLDER": tensor base_model.model.model.layers.0.self_attn.q_proj.weight is not of this model; ' +
    "check that the adapter was made for this model",
  ],
  [
    "a module whose tensor is missing",
    false,
    {},
    { modules_to_save: ["lm_head"] },
    'Cannot load "FOLDER": tensor base_model.model.lm_head.weight is missing; check that the adapter was made for this model',
  ],
  [
    "two values for one weight",
    true,
    { [EMBEDDING]: row(V, 2), [HEAD]: row(V, 3) },
    {},
    `Cannot load "FOLDER": "base_model.model.${HEAD}" and "base_model.model.${EMBEDDING}" are for the same weight of ` +
    "the model, but differ; save the adapter again",
  ],
  [
    "a larger vocabulary of the embedding alone",
    false,
    { [EMBEDDING]: row(V + 4) },
    { modules_to_save: ["embed_tokens"] },
    `Cannot load "FOLDER": it brings a vocabulary of ${
      V + 4
    } rows, but no "${HEAD}" of so many; save the adapter with both`,
  ],
  [
    "a branch that embedding and head share",
    true,
    branch("lm_head", V, D),
    { target_modules: ["q_proj", "lm_head"], ensure_weight_tying: true },
    "Cannot use ensure_weight_tying: a branch that embedding and head share is not supported yet; " +
    "correct adapter_config.json or lora_target",
  ],
  [
    "a module trained whole that holds a branch",
    false,
    {},
    { modules_to_save: ["attn"] },
    'Cannot use modules_to_save: "model.layers.0.self_attn", which ends with "attn", is to be trained whole, but ' +
    '"model.layers.0.self_attn.q_proj" has a branch; correct adapter_config.json or lora_target',
  ],
  [
    "a list of blocks",
    false,
    branch("lm_head", V, D),
    { target_modules: ["lm_head"], modules_to_save: ["layers"] },
    'Cannot use modules_to_save: "model.layers", which ends with "layers", is a list of blocks; ' +
    "correct adapter_config.json or lora_target",
  ],
];
for (const [what, tied, tensors, config, message] of refused) {
  Deno.test(`attachAdapter() refuses ${what}`, async () => {
    await assert.rejects(attach(tied, { ...q, ...tensors }, config), { name: "CheckpointError", message });
  });
}
