import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { build, initialise, modelConfig } from "../models/mod.ts";
import { layoutOf } from "../nn/mod.ts";
import { writeSafetensors } from "../safetensors/mod.ts";
import { from, manualSeed, noGrad, scope } from "../tensor/mod.ts";
import { loadModel } from "./load.ts";
import { type bytesOfTensor, snapshot } from "./tensors.ts";

const config = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 24,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  initializer_range: 0.3,
};
const EMBEDDING = "model.embed_tokens.weight", HEAD = "lm_head.weight";

type Tensors = Map<string, ReturnType<typeof bytesOfTensor>>;

/** The tensors of a model that is tied or not, as a file has them. */
function made(tie_word_embeddings: boolean): Tensors {
  manualSeed(5);
  using lm = build(modelConfig({ ...config, tie_word_embeddings }), { dtype: "f32", device: "cpu" });
  initialise(lm);
  return new Map(snapshot(lm.parameters()));
}

/** Writes the tensors, loads them, and gives what the model computes, whether it is tied, and what was said. */
async function load(tensors: Tensors, tie_word_embeddings: boolean) {
  const folder = await Deno.makeTempDir(), notes: string[] = [];
  try {
    await Deno.writeTextFile(`${folder}/config.json`, JSON.stringify({ ...config, tie_word_embeddings }));
    await writeSafetensors(`${folder}/model.safetensors`, [...tensors], { format: "pt" });
    const onNote = (note: string) => notes.push(note.replace(folder, "FOLDER"));
    using lm = await loadModel(folder, { dtype: "f32", device: "cpu", onNote });
    const ids = Int32Array.from({ length: 7 }, (_, i) => i * 3);
    const logits = scope(() =>
      noGrad(() => lm.call(from(ids), layoutOf(ids.map((_, i) => i), Int32Array.of(0, 7), "cpu"))).toArray()
    );
    return { logits: [...logits], tied: lm.config.tieWordEmbeddings, own: lm.lmHead !== undefined, notes };
  } catch (error) {
    (error as Error).message = (error as Error).message.replaceAll(folder, "FOLDER");
    throw error;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const renamed = (tensors: Tensors, rename: (name: string) => string): Tensors =>
  new Map([...tensors].map(([name, data]) => [rename(name), data]));

const spellings: [string, (name: string) => string][] = [
  ["without model.", (name) => name.replace(/^model\./, "")],
  ["with one model. too many", (name) => `model.${name}`],
  ["with and without model.", (name) => name.includes("layers.1") ? name.replace(/^model\./, "") : name],
];
for (const [how, rename] of spellings) {
  for (const tied of [false, true]) {
    Deno.test(`loadModel() loads weights ${how}, ${tied ? "tied" : "untied"}`, async () => {
      const tensors = made(tied);
      const plain = await load(tensors, tied), other = await load(renamed(tensors, rename), tied);
      assert.deepEqual(other, plain);
      assert.deepEqual(other.notes, []);
    });
  }
}

Deno.test("loadModel() unties a head of other values than the embedding that the config says it is, and says so", async () => {
  const tensors = made(false), untied = await load(tensors, false), { notes, ...found } = await load(tensors, true);
  assert.deepEqual(found, { logits: untied.logits, tied: false, own: true });
  assert.deepEqual(notes, [
    '"FOLDER": config.json says that the head is the embedding, but the files have another "lm_head.weight": ' +
    "it is used, and the two are not tied",
  ]);
});

Deno.test("loadModel() ties a head of the same values, and takes a head alone for both", async () => {
  const tensors = made(true), plain = await load(tensors, true), embedding = tensors.get(EMBEDDING)!;
  assert.deepEqual(await load(new Map([...tensors, [HEAD, embedding]]), true), plain);
  assert.deepEqual(await load(renamed(tensors, (name) => name === EMBEDDING ? HEAD : name), true), plain);
  assert.deepEqual([plain.tied, plain.own], [true, false]);
});

Deno.test("loadModel() refuses a head that is missing, and one of another size", async () => {
  await assert.rejects(load(made(true), false), {
    name: "CheckpointError",
    message:
      'Cannot load "FOLDER": tensor lm_head.weight is missing; check that config.json and weights belong together',
  });
  const narrow = { dtype: "F32", shape: [2, 16], data: new Uint8Array(128) } as const;
  await assert.rejects(load(new Map([...made(true), [HEAD, narrow]]), true), {
    name: "CheckpointError",
    message: 'Cannot load "FOLDER/model.safetensors": its "lm_head.weight" is [2,16], but the model needs [24,16]; ' +
      "check that they belong together",
  });
});
