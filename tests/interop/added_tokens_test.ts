// Tokens that are added to a model: trained, used, exported, trained further, and loaded by PEFT and transformers.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadWithAdapters } from "../../src/adapters/mod.ts";
import { exportModel } from "../../src/export/export.ts";
import { loadChat } from "../../src/generate/mod.ts";
import { build, initialise, modelConfig } from "../../src/models/mod.ts";
import type { Linear } from "../../src/nn/mod.ts";
import { makeRecipe, type Recipe } from "../../src/recipe/mod.ts";
import { writeSafetensors } from "../../src/safetensors/mod.ts";
import { finetune } from "../../src/session/finetune.ts";
import { manualSeed } from "../../src/tensor/mod.ts";
import { bytesOfTensor } from "../../src/weights/mod.ts";
import { peerPython, runProgram } from "./peer.ts";
import { distance, FAMILIES, type Logits, logitsOf } from "./small.ts";

const python = peerPython("peft", "transformers", "torch");
const live = python === undefined ? "; PEFT and transformers are left out: no Python with them, set FTX_PEERS" : "";

const WIDTH = 32, TOKENS = 350; // of the fixture's tokenizer
const TEXT = "list <a> zzz and <b>", ADDED = { zzz: TOKENS, "<a>": TOKENS + 1, "<b>": TOKENS + 2 };
const IDS = [[3, 350, 20, 351, 7, 352, 90], [352, 5, 350, 11, 351]];

type Method = keyof typeof METHODS;
interface Base {
  /** Rows of the embedding, and those that it has once tokens were added. */
  rows: number;
  then: number;
  tied: boolean;
  methods: Method[];
}

const BASES: Record<string, Base> = {
  tied: { rows: 350, then: 384, tied: true, methods: ["lora", "full"] },
  untied: { rows: 350, then: 384, tied: false, methods: ["lora", "full", "freeze"] },
  "tied, spare rows": { rows: 400, then: 400, tied: true, methods: ["lora", "full", "freeze"] },
  "untied, spare rows": { rows: 400, then: 400, tied: false, methods: ["lora"] },
  "tied, too few spare rows": { rows: 352, then: 384, tied: true, methods: ["lora"] },
};
const METHODS: Record<"lora" | "full" | "freeze", Partial<Recipe>> = {
  lora: { finetuningType: "lora", loraTarget: ["q_proj", "v_proj"], loraRank: 2 },
  full: { finetuningType: "full" },
  freeze: { finetuningType: "freeze", freezeTrainableLayers: 1 },
};

const place = mkdtempSync(join(tmpdir(), "ftx-tokens-"));
const at = (name: string) => join(place, name);
const cells: { what: string; model: string; adapter?: string; logits: Logits }[] = [];

/** Writes a base of small random weights; its spare rows hold zeros. */
async function writeBase(name: string, { rows, tied }: Base) {
  cpSync(new URL("../fixtures/tokenizer", import.meta.url), at(name), { recursive: true });
  const raw = { ...FAMILIES[tied ? "qwen3" : "llama"], vocab_size: rows, torch_dtype: "float32" };
  writeFileSync(join(at(name), "config.json"), JSON.stringify(raw));
  manualSeed(7);
  using lm = build(modelConfig(raw), { dtype: "f32", device: "cpu" });
  initialise(lm);
  const tensors = Array.from(lm.parameters(), ([key, p]) => [key, bytesOfTensor(p)] as const);
  await writeSafetensors(join(at(name), "model.safetensors"), tensors, { format: "pt" });
}

const train = (settings: Parameters<typeof makeRecipe>[0]) =>
  finetune(makeRecipe({
    ...{ dataset: [at("data.jsonl")], template: "chatml", dtype: "fp32", maxSteps: 3, learningRate: 0.02, threads: 1 },
    ...{ saveStrategy: "no", plotLoss: false, quiet: true, lrSchedulerType: "constant" },
    ...settings,
  }, "train"));

/** What a model with its adapters computes, and what it is. */
async function use(model: string, adapter?: string) {
  const recipe = makeRecipe({ modelNameOrPath: model, adapterNameOrPath: adapter ? [adapter] : [], dtype: "fp32" });
  using lm = await loadWithAdapters(recipe);
  const { vocabSize: rows, tieWordEmbeddings: tied } = lm.config;
  const [embedding, head] = [lm.model.embedTokens, lm.lmHead].map((module) =>
    (module as Linear | undefined)?.weight.toArray().slice(TOKENS * WIDTH, (TOKENS + 3) * WIDTH)
  );
  return { logits: logitsOf(lm, IDS), rows, tied, embedding, head };
}

Deno.test(`added tokens are trained, saved, used, exported and trained further${live}`, async (t) => {
  Deno.env.set("FTX_CACHE", at("cache"));
  try {
    const rows = ["<a> zzz", "zzz <b>", "<b> <a>"].map((output, i) =>
      JSON.stringify({ instruction: `${output} ${i}`, output: `${output} list` }) + "\n"
    );
    writeFileSync(at("data.jsonl"), rows.join(""));
    for (const [base, about] of Object.entries(BASES)) {
      await writeBase(base, about);
      for (const method of about.methods) {
        await t.step(`${base}, ${method}`, () => cell(base, about, method));
      }
    }
    if (python === undefined) return;
    const pairs = cells.map(({ model, adapter }) => ({ model, adapter }));
    writeFileSync(at("check.json"), JSON.stringify({ ids: IDS, text: TEXT, cells: pairs }));
    await runProgram(python, "added_tokens.py", [place]);
    const theirs = JSON.parse(readFileSync(at("checked.json"), "utf8"));
    for (const [i, { what, logits }] of cells.entries()) {
      await t.step(`${what}: the peers load it and compute the same`, () => {
        assert.ok(distance(theirs[i].logits, logits) < 1e-5, `relative error ${distance(theirs[i].logits, logits)}`);
        assert.deepEqual(theirs[i].encoded.filter((id: number) => id >= TOKENS), [351, 350, 352]);
        assert.equal(theirs[i].skipped, "list  zzz and ");
        assert.equal(theirs[i].rows, logits[0][0].length);
      });
    }
  } finally {
    Deno.env.delete("FTX_CACHE");
    rmSync(place, { recursive: true });
  }
});

/** Trains a base with new tokens, then uses what was trained without naming them again. */
async function cell(base: string, { then, tied }: Base, method: Method) {
  const folder = at(`${base} ${method}`), lora = method === "lora", how = METHODS[method];
  await train({
    ...{ ...how, modelNameOrPath: at(base), outputDir: folder },
    ...{ addTokens: ["zzz"], addSpecialTokens: ["<a>", "<b>"] },
  });
  const [model, adapter] = lora ? [at(base), folder] : [folder, undefined];
  const trained = await use(model, adapter);
  assert.deepEqual([trained.rows, trained.tied], [then, tied]);
  cells.push({ what: `${base}, ${method}`, model, adapter, logits: trained.logits });

  using chat = await loadChat(makeRecipe({
    ...{ modelNameOrPath: model, adapterNameOrPath: adapter ? [adapter] : [], dtype: "fp32" },
    maxNewTokens: 2,
  }));
  for (const [token, id] of Object.entries(ADDED)) assert.equal(chat.tokenizer.idOf(token), id);
  assert.equal(typeof await chat.answer(TEXT), "string");

  const merged = at(`${base} ${method} exported`);
  const whole = { modelNameOrPath: model, adapterNameOrPath: adapter ? [adapter] : [], exportDir: merged };
  await exportModel(makeRecipe(whole, "export"), { say: () => {} });
  const exported = await use(merged);
  assert.ok(distance(exported.logits, trained.logits) < 1e-5);
  cells.push({ what: `${base}, ${method}, exported`, model: merged, logits: exported.logits });

  const further = at(`${base} ${method} further`), from = adapter ? [adapter] : [];
  await train({ ...how, modelNameOrPath: model, adapterNameOrPath: from, outputDir: further });
  const [model2, adapter2] = lora ? [model, further] : [further, undefined];
  const again = await use(model2, adapter2);
  assert.equal(again.rows, then);
  for (const where of tied ? ["embedding"] as const : ["embedding", "head"] as const) {
    for (const token of method === "freeze" ? [] : [0, 1, 2]) { // its blocks alone train where no token is new
      const [before, after] = [trained, again].map((one) => one[where]!.slice(token * WIDTH, (token + 1) * WIDTH));
      assert.notDeepEqual(before, after, `${where}, token ${token}`);
    }
  }
  cells.push({ what: `${base}, ${method}, trained further`, model: model2, adapter: adapter2, logits: again.logits });
}
