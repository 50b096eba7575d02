import assert from "node:assert/strict";
import { openAdapter } from "./folder.ts";
import { baseKey, branchKey, parseAdapterKey, savedKey } from "./keys.ts";
import { writeSafetensors } from "../../safetensors/mod.ts";

const q = "model.layers.0.self_attn.q_proj";

Deno.test("branchKey() and savedKey() give PEFT's names, and parseAdapterKey() reads them", () => {
  assert.equal(branchKey(q, "A"), `base_model.model.${q}.lora_A.weight`);
  assert.equal(
    branchKey("model.embed_tokens", "B", { embedding: true }),
    "base_model.model.model.embed_tokens.lora_embedding_B",
  );
  assert.equal(savedKey("lm_head.weight"), "base_model.model.lm_head.weight");
  assert.deepEqual(parseAdapterKey(branchKey(q, "B")), { kind: "B", path: q, embedding: false });
  assert.deepEqual(parseAdapterKey("base_model.model.wte.lora_embedding_A"), {
    kind: "A",
    path: "wte",
    embedding: true,
  });
  assert.deepEqual(parseAdapterKey(savedKey("lm_head.weight")), {
    kind: "parameter",
    name: "lm_head.weight",
    below: false,
  });
  assert.equal(baseKey("lm_head.weight"), "base_model.model.lm_head.base_layer.weight");
  assert.deepEqual(parseAdapterKey(baseKey("lm_head.weight")), {
    kind: "parameter",
    name: "lm_head.weight",
    below: true,
  });
});

const spelled: [key: string, part: unknown][] = [
  ["h.lora_A.default.weight", { kind: "A", path: "h", embedding: false, adapter: "default" }],
  ["wte.lora_embedding_B.mine", { kind: "B", path: "wte", embedding: true, adapter: "mine" }],
  ["h.k.modules_to_save.default.weight", { kind: "parameter", name: "h.k.weight", below: false, adapter: "default" }],
  ["h.k.modules_to_save.weight", { kind: "parameter", name: "h.k.weight", below: false }],
  ["h.modules_to_save.default.k.bias", { kind: "parameter", name: "h.k.bias", below: false, adapter: "default" }],
  ["h.original_module.k.bias", { kind: "original", name: "h.k.bias" }],
  ["h.k.base_layer.bias", { kind: "parameter", name: "h.k.bias", below: true }],
  ["h.lora_magnitude_vector", { kind: "feature", feature: "DoRA" }],
  ["h.lora_B.bias", { kind: "feature", feature: "a bias of B" }],
  ["h.lora_B.default.bias", { kind: "feature", feature: "a bias of B" }],
  ["wte.token_adapter.trainable_tokens_delta", { kind: "feature", feature: "training single tokens" }],
  ["h.lora_diag.weight", { kind: "feature", feature: "a kind of LoRA that ftx does not know" }],
];
for (const [key, part] of spelled) {
  Deno.test(`parseAdapterKey() knows what ${key} is, with PEFT's prefix and without`, () => {
    assert.deepEqual(parseAdapterKey(`base_model.model.${key}`), part);
    assert.deepEqual(parseAdapterKey(key, ""), part);
  });
}

const config = JSON.stringify({ peft_type: "LORA", r: 2, target_modules: ["q_proj"] });

/** Opens a folder with these tensors. */
async function open(shapes: Record<string, number[]>) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/adapter_config.json`, config);
    const tensors = Object.entries(shapes).map(([name, shape]) =>
      [name, { dtype: "U8", shape, data: new Uint8Array(shape.reduce((a, b) => a * b, 1)) }] as const
    );
    await writeSafetensors(`${folder}/adapter_model.safetensors`, tensors, { format: "pt" });
    return await openAdapter(folder);
  } catch (error) {
    (error as Error).message = (error as Error).message.replaceAll(folder, "FOLDER");
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("openAdapter() gives every tensor of the file", async () => {
  const own = {
    [branchKey(q, "A")]: [2, 8],
    [branchKey(q, "B")]: [4, 2],
    [branchKey("model.embed_tokens", "A", { embedding: true })]: [3, 9],
    [branchKey("model.embed_tokens", "B", { embedding: true })]: [8, 3],
    [savedKey("lm_head.weight")]: [9, 8],
    [baseKey("model.embed_tokens.weight")]: [9, 8],
  };
  const adapter = await open(own);
  assert.equal(adapter.config.r, 2);
  assert.deepEqual(Object.fromEntries(adapter.tensors.map(({ key, place: { shape } }) => [key, shape])), own);
  assert.deepEqual(adapter.notes, []);
});

Deno.test("openAdapter() reads names without PEFT's prefix, and says so", async () => {
  const adapter = await open({ [`${q}.lora_A.weight`]: [2, 8], [`${q}.lora_B.weight`]: [4, 2] });
  assert.deepEqual(adapter.tensors.map(({ part }) => part), [
    { kind: "A", path: q, embedding: false },
    { kind: "B", path: q, embedding: false },
  ]);
  assert.equal(adapter.notes.length, 1);
  assert.match(
    adapter.notes[0],
    /^".*": the names of its tensors lack "base_model\.model\."; they are read as if they had it$/,
  );
});

const whole = { [branchKey(q, "A")]: [2, 8], [branchKey(q, "B")]: [4, 2] };
const bad: [string, Record<string, number[]>, string][] = [
  ["no tensor", {}, "none of its tensors belongs to an adapter"],
  ["a model's tensors", { "model.norm.weight": [1] }, "none of its tensors belongs to an adapter"],
  [
    "the tensors of two adapters",
    { ...whole, "base_model.model.x.lora_A.a.weight": [2, 8], "base_model.model.x.lora_B.b.weight": [4, 2] },
    "it holds several adapters (a, b)",
  ],
  [
    "names of two kinds",
    { ...whole, "model.norm.weight": [8] },
    'tensor "model.norm.weight" does not start with "base_model.model.", as others do',
  ],
  ["half a branch", { [branchKey(q, "A")]: [2, 8] }, `the branch of "${q}" has no B`],
  ["the other half", { [branchKey(q, "B")]: [8, 2] }, `the branch of "${q}" has no A`],
  [
    "halves of different ranks",
    { [branchKey(q, "A")]: [2, 8], [branchKey(q, "B")]: [4, 3] },
    `the halves of "${q}" do not match (A [2,8], B [4,3])`,
  ],
  [
    "halves that are no matrices",
    { [branchKey(q, "A")]: [2], [branchKey(q, "B")]: [4, 2] },
    `the halves of "${q}" do not match (A [2], B [4,2])`,
  ],
  [
    "halves of two kinds",
    { [branchKey(q, "A")]: [2, 8], [branchKey(q, "B", { embedding: true })]: [4, 2] },
    `the branch of "${q}" has no B`,
  ],
];
for (const [name, shapes, what] of bad) {
  Deno.test(`openAdapter() refuses a file with ${name}`, async () => {
    await assert.rejects(open(shapes), {
      name: "CheckpointError",
      message: `Cannot load "FOLDER": ${what}; save the adapter again`,
    });
  });
}

Deno.test("openAdapter() names the feature that a tensor belongs to", async () => {
  await assert.rejects(open({ ...whole, [`base_model.model.${q}.lora_magnitude_vector`]: [4] }), {
    name: "CheckpointError",
    message: `Cannot load "FOLDER": tensor "base_model.model.${q}.lora_mag…" belongs to DoRA, which ftx does ` +
      "not have yet; use another adapter",
  });
});

Deno.test("openAdapter() names what is missing", async () => {
  const message = 'Cannot load "/nowhere": there is no such folder; give an adapter\'s folder as PEFT saves it';
  await assert.rejects(openAdapter("/nowhere"), { name: "CheckpointError", message });
});
