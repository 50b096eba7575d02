import assert from "node:assert/strict";
import { CheckpointError } from "../errors.ts";
import { openWeights, writeSafetensors } from "../safetensors/mod.ts";
import { openModel, readModelConfig } from "./folder.ts";

const config = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 8,
  hidden_size: 4,
  intermediate_size: 4,
  num_hidden_layers: 1,
  num_attention_heads: 2,
};

type Files = Record<string, string | string[] | Record<string, unknown>>;

/** A folder of `files`: text, JSON, or the names of one-byte tensors for a safetensors file. Gone after `test`. */
async function inFolder(files: Files, test: (folder: string) => Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      if (Array.isArray(content)) {
        const data = new Uint8Array(1);
        const tensors = content.map((name) => [name, { dtype: "U8", shape: [1], data }] as const);
        await writeSafetensors(`${folder}/${name}`, tensors, { format: "pt" });
      } else {
        await Deno.writeTextFile(`${folder}/${name}`, typeof content === "string" ? content : JSON.stringify(content));
      }
    }
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const refusal = (message: string) => (error: unknown) => {
  assert(error instanceof CheckpointError, String(error));
  assert.equal(error.message, message);
  return true;
};

const [one, two] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
const index = (weight_map: Record<string, string>, total_size: unknown = Object.keys(weight_map).length) => ({
  metadata: { total_size },
  weight_map,
});
const sharded: Files = {
  "config.json": config,
  "model.safetensors.index.json": index({ a: one, b: one, c: two }),
  [one]: ["b", "a"],
  [two]: ["c"],
};

Deno.test("openModel() reads the configurations and finds the tensors of one file", () =>
  inFolder(
    { "config.json": config, "generation_config.json": { top_k: 3 }, "model.safetensors": ["a"] },
    async (folder) => {
      const model = await openModel(folder);
      assert.equal(model.config.hiddenSize, 4);
      assert.deepEqual(model.generation, { top_k: 3 });
      assert.deepEqual(model.files, [`${folder}/model.safetensors`]);
      assert.equal(model.bytes, 1);
      const { file, dtype, shape, end, start } = model.tensors.get("a")!;
      assert.deepEqual({ file, dtype, shape, bytes: end - start }, {
        file: model.files[0],
        dtype: "U8",
        shape: [1],
        bytes: 1,
      });
    },
  ));

Deno.test("openModel() finds the tensors of all shards", () =>
  inFolder(sharded, async (folder) => {
    const { tensors, files, bytes, generation } = await openModel(folder);
    assert.deepEqual([...tensors].map(([name, { file }]) => [name, file]), [
      ["a", `${folder}/${one}`],
      ["b", `${folder}/${one}`],
      ["c", `${folder}/${two}`],
    ]);
    assert.deepEqual([files, bytes, generation], [[`${folder}/${one}`, `${folder}/${two}`], 3, null]);
  }));

Deno.test("openModel() reads the single file where there is an index as well, and says so", () =>
  inFolder({ ...sharded, "model.safetensors": ["a"] }, async (folder) => {
    const { files, notes } = await openModel(folder);
    const single = `${folder}/model.safetensors`;
    assert.deepEqual([files, notes], [[single], [`"${single}.index.json" is ignored: "${single}" is read`]]);
  }));

for (const metadata of [{ total_size: 7 }, { total_size: "3" }, {}, null, undefined]) {
  Deno.test(`openModel() goes by the weight_map alone: metadata ${JSON.stringify(metadata)}`, () =>
    inFolder(
      { ...sharded, "model.safetensors.index.json": { weight_map: { a: one, b: one, c: two }, metadata } },
      async (folder) => {
        const { tensors, bytes, notes } = await openModel(folder);
        assert.deepEqual([[...tensors.keys()], bytes, notes], [["a", "b", "c"], 3, []]);
      },
    ));
}

Deno.test("openModel() gives tensors by the names of parameters, with `model.` in front or not", () =>
  inFolder({
    "config.json": config,
    "model.safetensors": ["embed_tokens.weight", "layers.0.mlp.x", "model.lm_head.weight", "model.model.norm.weight"],
  }, async (folder) => {
    const names = ["lm_head.weight", "model.embed_tokens.weight", "model.layers.0.mlp.x", "model.norm.weight"];
    assert.deepEqual([...(await openModel(folder)).tensors.keys()].sort(), names);
  }));

Deno.test("openModel() says that a model's folder holds an adapter, and how to use it", () =>
  inFolder({ "config.json": config, "model.safetensors": ["a"], "adapter_config.json": "{}" }, async (folder) => {
    assert.deepEqual((await openModel(folder)).notes, [
      `"${folder}" also holds a PEFT adapter, which is not used: --adapter ${folder} adds it (transformers does so ` +
      "without being told)",
    ]);
  }));

Deno.test("openModel() follows the links of the hub's cache and no others", async () => {
  const root = await Deno.makeTempDir();
  const snapshot = `${root}/snapshots/abc`;
  await Deno.mkdir(`${root}/blobs`);
  await Deno.mkdir(snapshot, { recursive: true });
  await Deno.writeTextFile(`${snapshot}/config.json`, JSON.stringify(config));
  await Deno.writeTextFile(`${snapshot}/model.safetensors.index.json`, JSON.stringify(index({ a: "x.safetensors" })));
  const tensor = { dtype: "U8", shape: [1], data: new Uint8Array(1) } as const;
  await writeSafetensors(`${root}/blobs/f00`, [["a", tensor]]);
  await Deno.symlink("../../blobs/f00", `${snapshot}/x.safetensors`);
  assert.deepEqual([...(await openModel(snapshot)).tensors.keys()], ["a"]);

  await Deno.rename(`${root}/blobs/f00`, `${root}/f00`);
  await Deno.remove(`${snapshot}/x.safetensors`);
  await Deno.symlink("../../f00", `${snapshot}/x.safetensors`);
  await assert.rejects(
    openModel(snapshot),
    refusal(
      `Cannot load "${snapshot}/model.safetensors.index.json": its shard "x.safetensors" is a link that leaves the ` +
        `model's folder; put a copy of "x.safetensors" there`,
    ),
  );
  await Deno.remove(root, { recursive: true });
});

const ofIndex = (what: string) => `Cannot load "FOLDER/model.safetensors.index.json": ${what}`;
const again = "; fetch the model again";
const bare = (name: string) =>
  ofIndex(`its shard ${JSON.stringify(name)} is not the bare name of a .safetensors file${again}`);
const convert =
  'convert it once, where Python is available: python -c "from transformers import AutoModelForCausalLM as M; ' +
  "M.from_pretrained('OLD').save_pretrained('NEW')\"";
const withIndex = (weight_map: unknown, extra: Files = {}) => ({
  ...sharded,
  "model.safetensors.index.json": { weight_map },
  ...extra,
});
const pickle = (name: string) =>
  `Cannot load "FOLDER": its weights are in "${name}", which is a pickle and could run code when read; ${convert}`;

const bad: [string, Files, string][] = [
  ["an empty folder", {}, 'Cannot load "FOLDER": it has no config.json; give a model folder as transformers saves it'],
  [
    "an adapter",
    { "adapter_config.json": "{}" },
    'Cannot load "FOLDER": it is a PEFT adapter, not a model; give its base as --model and this folder as --adapter',
  ],
  [
    "no weights",
    { "config.json": config },
    'Cannot load "FOLDER": it has no model.safetensors; check that it was copied completely',
  ],
  ["pickled weights", { "config.json": config, "pytorch_model.bin": "" }, pickle("pytorch_model.bin")],
  [
    "pickled shards",
    { "config.json": config, "pytorch_model-00001-of-00002.bin": "", "training_args.bin": "" },
    pickle("pytorch_model-00001-of-00002.bin"),
  ],
  ["Meta's own files", { "consolidated.00.pth": "", "params.json": "{}" }, pickle("consolidated.00.pth")],
  [
    "GGUF",
    { "x.Q4_K_M.gguf": "" },
    'Cannot load "FOLDER": its weights are in "x.Q4_K_M.gguf", which is quantised for llama.cpp; ' +
    "give the model folder it was made from",
  ],
  [
    "TensorFlow's weights",
    { "config.json": config, "tf_model.h5": "" },
    `Cannot load "FOLDER": its weights are in "tf_model.h5", which is not in a PyTorch format; ${convert}`,
  ],
  [
    "shards without an index",
    { "config.json": config, [one]: ["a"], [two]: ["b"] },
    'Cannot load "FOLDER": it has shards, but no model.safetensors.index.json; fetch that file too',
  ],
  [
    "a config that is cut short",
    { "config.json": '{"a":' },
    'Cannot read "FOLDER/config.json": it is not JSON (line 1, column 6: it ends too early); correct it or fetch it again',
  ],
  [
    "a key twice",
    { "config.json": '{\n  "a": 1,\n  "a": 2}' },
    'Cannot read "FOLDER/config.json": it is not JSON (line 3, column 6: the key "a" appears twice); ' +
    "correct it or fetch it again",
  ],
  [
    "a config that is a list",
    { "config.json": "[]" },
    'Cannot read "FOLDER/config.json": it is not a JSON object; correct it or fetch it again',
  ],
  [
    "a config that is too deep",
    { "config.json": "[".repeat(65) },
    'Cannot read "FOLDER/config.json": it is not JSON (line 1, column 65: it is nested more than 64 deep); ' +
    "correct it or fetch it again",
  ],
  [
    "a config of 17 MB",
    { "config.json": " ".repeat(17e6) },
    'Cannot read "FOLDER/config.json": it has 17000000 bytes, but at most 16777216 are read; fetch it again',
  ],
  ["no weight_map", { ...sharded, "model.safetensors.index.json": {} }, ofIndex(`it has no weight_map${again}`)],
  ["a weight_map that is a list", withIndex([]), ofIndex(`it has no weight_map${again}`)],
  ["an empty weight_map", withIndex({}), ofIndex(`its weight_map is empty${again}`)],
  ["a shard in another folder", withIndex({ a: "sub/x.safetensors" }), bare("sub/x.safetensors")],
  ["a shard above", withIndex({ a: "../x.safetensors" }), bare("../x.safetensors")],
  ["an absolute shard", withIndex({ a: "/etc/x.safetensors" }), bare("/etc/x.safetensors")],
  ["a shard above, for Windows", withIndex({ a: "..\\x.safetensors" }), bare("..\\x.safetensors")],
  ["a shard that is not a safetensors file", withIndex({ a: "config.json" }), bare("config.json")],
  ["a shard without a name", withIndex({ a: "" }), bare("")],
  ["a shard that is a number", withIndex({ a: 5 }), bare("5")],
  [
    "a missing shard",
    withIndex({ a: "x.safetensors" }),
    ofIndex('its shard "x.safetensors" is missing; fetch "x.safetensors" again'),
  ],
  [
    "an incomplete list of shards",
    withIndex({ a: one, b: one }),
    ofIndex(`it lists no tensor in its shard "${two}"${again}`),
  ],
  [
    "a tensor that its shard lacks",
    withIndex({ a: one, b: one, x: one, c: two }),
    ofIndex(`it lists tensor "x" in "${one}", which does not have it${again}`),
  ],
  [
    "a tensor that is not listed",
    withIndex({ a: one, c: two }),
    ofIndex(`it does not list tensor "b" of "${one}"${again}`),
  ],
  [
    "a tensor in two shards",
    { ...withIndex({ a: one, b: one, c: two }), [two]: ["c", "a"] },
    ofIndex(`tensor "a" is in "${one}" and in "${two}"${again}`),
  ],
  [
    "two tensors for one weight",
    { "config.json": config, "model.safetensors": ["model.norm.weight", "norm.weight"] },
    'Cannot load "FOLDER": tensors model.norm.weight and norm.weight are for the same weight; fetch the model again',
  ],
  [
    "too many shards",
    withIndex(Object.fromEntries(Array.from({ length: 10_001 }, (_, i) => [i, `${i}.safetensors`]))),
    ofIndex(`it lists 10001 shards, but at most 10000 are read${again}`),
  ],
];
for (const [name, files, message] of bad) {
  Deno.test(`openModel() refuses ${name}`, () =>
    inFolder(files, async (folder) => {
      await assert.rejects(openModel(folder), refusal(message.replace("FOLDER", folder)));
    }));
}

Deno.test("openModel() refuses a path that is not a folder", () =>
  inFolder({ "x.gguf": "", "x.safetensors": ["a"], "x.bin": "", "x.txt": "" }, async (folder) => {
    const said = (name: string) => openModel(`${folder}/${name}`).catch((error) => error.message.split(": ")[1]);
    assert.equal(await said("y"), "there is no such folder; check the path");
    assert.equal(await said("x.gguf"), "it is quantised for llama.cpp; give the model folder it was made from");
    assert.equal(await said("x.safetensors"), "it is a single file; give the folder that contains it");
    assert.equal(await said("x.txt"), "it is a file; give the model's folder");
    assert.match(await said("x.bin"), /^it is a pickle and could run code when read; convert it once/);
  }));

Deno.test("readModelConfig() needs no weights", () =>
  inFolder({ "config.json": config, "pytorch_model.bin": "" }, async (folder) => {
    assert.equal((await readModelConfig(folder)).vocabSize, 8);
  }));

Deno.test("openWeights() refuses a pickled adapter with the remedy for adapters", () =>
  inFolder({ "adapter_model.bin": "" }, async (folder) => {
    await assert.rejects(openWeights(folder, "adapter_model"), (error: Error) => {
      assert.match(error.message, /its weights are in "adapter_model.bin", which is a pickle/);
      assert.match(error.message, /s\.save_file\(torch\.load\('adapter_model\.bin', weights_only=True\)/);
      return true;
    });
  }));
