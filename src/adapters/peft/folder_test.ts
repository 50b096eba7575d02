import assert from "node:assert/strict";
import { openAdapter } from "./folder.ts";
import { branchKey, parseAdapterKey, savedKey } from "./keys.ts";
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
  assert.deepEqual(parseAdapterKey(savedKey("lm_head.weight")), { kind: "saved", parameter: "lm_head.weight" });
  assert.deepEqual(parseAdapterKey("base_model.model.lm_head.base_layer.weight"), {
    kind: "base",
    parameter: "lm_head.weight",
  });
});

Deno.test("parseAdapterKey() gives null for what none of ftx's adapters has", () => {
  const strange = [
    "x",
    "model.x.lora_A.weight",
    `base_model.model.${q}.lora_magnitude_vector`,
    `base_model.model.${q}.lora_B.bias`,
  ];
  assert.deepEqual(strange.map(parseAdapterKey), [null, null, null, null]);
});

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

Deno.test("openAdapter() gives the adapter's tensors, and leaves out those of the base", async () => {
  const own = {
    [branchKey(q, "A")]: [2, 8],
    [branchKey(q, "B")]: [4, 2],
    [branchKey("model.embed_tokens", "A", { embedding: true })]: [3, 9],
    [branchKey("model.embed_tokens", "B", { embedding: true })]: [8, 3],
    [savedKey("lm_head.weight")]: [9, 8],
  };
  const adapter = await open({ ...own, "base_model.model.model.embed_tokens.base_layer.weight": [9, 8] });
  assert.equal(adapter.config.r, 2);
  assert.deepEqual(Object.fromEntries([...adapter.tensors].map(([key, { shape }]) => [key, shape])), own);
  assert.deepEqual(adapter.notes, []);
});

const bad: [string, Record<string, number[]>, string][] = [
  ["no tensor", {}, "none of its tensors belongs to an adapter"],
  ["a model's tensors", { "model.norm.weight": [1] }, "none of its tensors belongs to an adapter"],
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

Deno.test("openAdapter() names what is missing", async () => {
  const message = 'Cannot load "/nowhere": there is no such folder; give an adapter\'s folder as PEFT saves it';
  await assert.rejects(openAdapter("/nowhere"), { name: "CheckpointError", message });
});
