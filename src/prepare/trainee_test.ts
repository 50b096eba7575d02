import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { inFolder } from "../../tests/in_folder.ts";
import "../../tests/support/tensors.ts";
import type { Vocabulary } from "../models/mod.ts";
import { makeRecipe, type Recipe } from "../recipe/mod.ts";
import { writeSafetensors } from "../safetensors/mod.ts";
import { bytesOfTensor } from "../weights/mod.ts";
import { loadTrainee, type Trainee } from "./trainee.ts";

const CONFIG = {
  ...{ architectures: ["LlamaForCausalLM"], vocab_size: 40, hidden_size: 16, intermediate_size: 16 },
  ...{ num_hidden_layers: 2, num_attention_heads: 2 },
};
const SPARE: Vocabulary = { tokens: 32, added: [30, 31] }, MORE: Vocabulary = { tokens: 42, added: [40, 41] };

/** The method of a run that trains little else. */
const METHODS: Record<"lora" | "freeze", Partial<Recipe>> = {
  lora: { finetuningType: "lora", loraTarget: ["q_proj"], loraLayers: [1], loraRank: 2 },
  freeze: { finetuningType: "freeze", freezeTrainableLayers: 1, freezeTrainableModules: ["q_proj"] },
};

/** Loads what a run trains, and shows it to `see`: what trains beside branches and q_proj, rows, and what was said. */
async function load(
  folder: string,
  { tied = false, method, vocabulary, adapter, ...more }: {
    tied?: boolean;
    method: keyof typeof METHODS;
    vocabulary: Vocabulary;
    adapter?: string;
    createNewAdapter?: boolean;
    loraTarget?: string[];
  },
  see: (trainee: Trainee) => Promise<void> = () => Promise.resolve(),
) {
  writeFileSync(`${folder}/config.json`, JSON.stringify({ ...CONFIG, tie_word_embeddings: tied }));
  const notes: string[] = [];
  const recipe = {
    ...makeRecipe({
      ...{ modelNameOrPath: folder, dataset: ["none"], device: "cpu", template: "chatml", resizeVocab: true },
      ...{ adapterNameOrPath: adapter ? [adapter] : [], ...METHODS[method], ...more },
    }, "train"),
    trainFromScratch: true, // there are no weights
  };
  using trainee = await loadTrainee(recipe, { vocabulary, onNote: (note) => notes.push(note) });
  await see(trainee);
  const trains = trainee.named.map(([name]) => name).filter((name) => !name.includes("q_proj"));
  return { trains, rows: trainee.model.config.vocabSize, notes };
}

/** Saves an adapter as a run does. */
const saveTo = (folder: string) => async ({ saved: { tensors, texts } }: Trainee) => {
  await Deno.mkdir(folder);
  const bytes = Array.from(tensors(), ([name, t]) => [name, bytesOfTensor(t)] as const);
  await writeSafetensors(`${folder}/adapter_model.safetensors`, bytes, { format: "pt" });
  for (const [name, text] of Object.entries(texts)) await Deno.writeTextFile(`${folder}/${name}`, text);
};

const EMBEDDING = "model.embed_tokens.weight", HEAD = "lm_head.weight";

for (const method of ["lora", "freeze"] as const) {
  for (const [what, vocabulary, rows] of [["spare rows", SPARE, 40], ["new rows", MORE, 64]] as const) {
    for (const tied of [true, false]) {
      Deno.test(`loadTrainee() trains the embedding for added tokens: ${method}, ${what}, ${tied ? "tied" : "untied"}`, () =>
        inFolder(async (folder) => {
          const { trains, rows: now, notes } = await load(folder, { method, vocabulary, tied });
          assert.deepEqual(trains, tied ? [EMBEDDING] : [EMBEDDING, HEAD]);
          assert.equal(now, rows);
          assert.equal(notes.length, 1);
        }));
    }
  }
}

Deno.test("loadTrainee() trains no embedding where no token is new", () =>
  inFolder(async (folder) => {
    for (const method of ["lora", "freeze"] as const) {
      const { trains, rows, notes } = await load(folder, { method, vocabulary: { tokens: 32, added: [] } });
      assert.deepEqual([trains, rows, notes], [[], 40, []]);
    }
  }));

for (const target of ["lm_head", "model.embed_tokens"]) {
  Deno.test(`loadTrainee() refuses a branch where the vocabulary has new rows: ${target}`, () =>
    inFolder(async (folder) => {
      const refused = load(folder, { method: "lora", vocabulary: SPARE, loraTarget: ["q_proj", target] });
      await assert.rejects(refused, {
        name: "RecipeError",
        message:
          `Cannot use lora_target = "${target}" where the vocabulary has new rows: a branch does not hold them, so ` +
          `embedding and head are trained whole; leave "${target}" out`,
      });
    }));
}

for (const tied of [true, false]) {
  Deno.test(`loadTrainee() adds tokens to an adapter that holds rows already, and keeps those: ${tied ? "tied" : "untied"}`, () =>
    inFolder(async (folder) => {
      const adapter = `${folder}/adapter`, values: number[][] = [];
      const keep = ({ model }: Trainee) => {
        values.push([...model.model.embedTokens.weight.toArray().slice(0, 42 * 16)] as number[]);
        return Promise.resolve();
      };
      const first = async (trainee: Trainee) => {
        await saveTo(adapter)(trainee);
        await keep(trainee);
      };
      await load(folder, { method: "lora", vocabulary: MORE, tied }, first);
      const vocabulary = { tokens: 70, added: [68, 69] };
      const { trains, rows, notes } = await load(folder, { method: "lora", vocabulary, adapter, tied }, keep);
      assert.deepEqual([trains, rows], [tied ? [EMBEDDING] : [EMBEDDING, HEAD], 128]);
      assert.deepEqual(values[0], values[1]);
      const modules = tied ? "embed_tokens trains" : "embed_tokens and lm_head train";
      assert.deepEqual(notes, [`The vocabulary grows from 64 to 128 rows, for 2 added tokens; ${modules} whole`]);
    }));
}

Deno.test("loadTrainee() keeps the rows of an adapter without a tokenizer for the tokens that the settings name again", () =>
  inFolder(async (folder) => {
    const adapter = `${folder}/adapter`, rows: ArrayLike<number>[] = [];
    const keep = ({ model }: Trainee) => {
      rows.push(model.model.embedTokens.weight.toArray());
      return Promise.resolve();
    };
    await load(folder, { method: "lora", vocabulary: SPARE }, async (trainee) => {
      await saveTo(adapter)(trainee);
      await keep(trainee);
    });
    const again = { method: "lora", vocabulary: SPARE, adapter } as const;
    for (const createNewAdapter of [false, true]) {
      const { notes } = await load(folder, { ...again, createNewAdapter }, keep);
      assert.deepEqual([rows.pop(), notes], [rows[0], []]);
    }
    await Deno.writeTextFile(`${adapter}/tokenizer.json`, "{}"); // it knows what it was trained with: these are others
    await load(folder, again, keep);
    assert.notDeepEqual(rows[1], rows[0]);
  }));

Deno.test("loadTrainee() refuses to add tokens to an adapter that trains no embedding, unless a new one is made", () =>
  inFolder(async (folder) => {
    const adapter = `${folder}/adapter`, plain: Vocabulary = { tokens: 32, added: [] };
    await load(folder, { method: "lora", vocabulary: plain }, saveTo(adapter));
    await assert.rejects(load(folder, { method: "lora", vocabulary: SPARE, adapter }), {
      name: "CheckpointError",
      message:
        `Cannot add tokens to the adapter "${adapter}": it does not train embed_tokens and lm_head, so it cannot hold ` +
        "their rows; set create_new_adapter = true, which merges it and trains a new one",
    });
    const made = await load(folder, { method: "lora", vocabulary: SPARE, adapter, createNewAdapter: true });
    assert.deepEqual(made.trains, [EMBEDDING, HEAD]);
  }));
