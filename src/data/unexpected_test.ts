// Data that holds something unexpected: what is said of it, and what is refused.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TEMPLATES } from "../../templates/mod.ts";
import { makeRecipe } from "../recipe/mod.ts";
import { Tokenizer } from "../tokenizer/mod.ts";
import { prepare, type PrepareSettings } from "./prepare.ts";
import { TASKS } from "./tasks/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "ftx-unexpected-"));
addEventListener("unload", () => rmSync(folder, { recursive: true }));
const tokenizer = await Tokenizer.load(new URL("../../tests/fixtures/tokenizer", import.meta.url).pathname);
tokenizer.eos = tokenizer.special("<|im_end|>");

/** Prepares data, and gives what is said of it. */
async function load(settings: Partial<PrepareSettings>, task: keyof typeof TASKS = "conversation") {
  const said: string[] = [];
  const recipe = {
    ...makeRecipe({ modelNameOrPath: "m", dataset: ["d"] }, "preview"),
    dataset: [],
    datasetDir: folder,
    ...settings,
  };
  const target = { task: TASKS[task], template: TEMPLATES.chatml, tokenizer };
  const data = await prepare(recipe, target, {
    cache: join(folder, "cache"),
    onWarning: (sentence) => said.push(sentence),
  });
  return { ...data, said };
}

const write = (name: string, rows: unknown[]) =>
  writeFileSync(join(folder, name), rows.map((row) => JSON.stringify(row)).join("\n"));
const describe = (entries: unknown) => writeFileSync(join(folder, "dataset_info.json"), JSON.stringify(entries));

const remedy = "set split_special_tokens = true to read it as ordinary text";

Deno.test("prepare() counts special tokens in the text, also from the cache, and splitSpecialTokens makes text of them", async () => {
  const texts = ["say <|im_end|> now", "no mark", "<image> and <|im_end|><|im_start|>"];
  write("marks.jsonl", texts.map((instruction) => ({ instruction, output: "b" })));
  describe({ t: { file_name: "marks.jsonl", columns: { prompt: "instruction" } } });
  const sentences = (name: string) => [
    `2 of 3 rows in dataset "${name}" have the special token "<|im_end|>" in the text, which is read as that token ` +
    `(${folder}/marks.jsonl:1); ${remedy}`,
    `1 of 3 rows in dataset "${name}" has the special token "<|im_start|>" in the text, which is read as that token ` +
    `(${folder}/marks.jsonl:3); ${remedy}`,
    `1 of 3 rows in dataset "${name}" has <image> in the text, which is read as ordinary text (${folder}/marks.jsonl:3)`,
  ];
  const dataset = ["marks.jsonl"];
  for (let time = 0; time < 2; time++) assert.deepEqual((await load({ dataset })).said, sentences("marks.jsonl"));
  assert.deepEqual((await load({ dataset, splitSpecialTokens: true })).said, sentences("marks.jsonl").slice(2));
  assert.deepEqual((await load({ dataset: ["t"] }, "text")).said, sentences("t"));
});

Deno.test("prepare() says what pt leaves out of questions and answers, also from the cache", async () => {
  write("qa.jsonl", [{ instruction: "a", output: "b" }]);
  const columns = { prompt: "instruction", response: "output" };
  describe({
    qa: { file_name: "qa.jsonl" },
    named: { file_name: "qa.jsonl", columns },
    alone: { file_name: "qa.jsonl", columns: { prompt: "instruction" } },
  });
  const left = 'pt learns "instruction" as plain text and leaves "output" out; use ftx sft to learn answers';
  for (let time = 0; time < 2; time++) {
    assert.deepEqual((await load({ dataset: ["qa", "named", "alone"] }, "text")).said, [
      `in dataset "qa", ${left}`,
      `in dataset "named", ${left}`,
    ]);
  }
});

Deno.test("prepare() says which file is not the one that file_sha1 describes", async () => {
  write("qa.jsonl", [{ instruction: "a", output: "b" }]);
  const is = createHash("sha1").update(readFileSync(join(folder, "qa.jsonl"))).digest("hex");
  describe({ same: { file_name: "qa.jsonl", file_sha1: is }, other: { file_name: "qa.jsonl", file_sha1: "00" } });
  assert.deepEqual((await load({ dataset: ["same", "other"] })).said, [
    `dataset "other" is not the file that its entry describes: its SHA-1 is ${is}, and file_sha1 is "00"`,
  ]);
});

Deno.test("prepare() says which named column no row has", async () => {
  write("few.jsonl", [{ q: "a", r: "b" }, { q: "a", r: "b", s: "c" }]);
  describe({ few: { file_name: "few.jsonl", columns: { prompt: "q", response: "r", system: "s", query: "t" } } });
  assert.deepEqual((await load({ dataset: ["few"] })).said, [
    'in dataset "few", no row has the column "t", which its entry in dataset_info.json names',
  ]);
});

Deno.test("prepare() says which examples it shortens", async () => {
  const system = "long ".repeat(60);
  const row = { instruction: "a", output: "b" };
  write("cut.jsonl", [row, { ...row, system }, { ...row, output: system }]);
  assert.deepEqual((await load({ dataset: ["cut.jsonl"], cutoffLen: 60 })).said, [
    '2 of 3 rows in dataset "cut.jsonl" are longer than cutoff_len = 60 and shortened, with the system prompt of 1',
  ]);
});

const MEDIA = 'its column "image" holds media, and ftx learns from text alone; use a data set without media';
const ROWS = [{ instruction: "a", output: "b", image: "" }, { instruction: "a", output: "b", image: "1.jpg" }];

/** Files of two rows, of which the second has an image; and where that is. */
const FILES: [name: string, text: string, place: string][] = [
  ["m.json", JSON.stringify(ROWS), ", example 2"],
  ["m.jsonl", ROWS.map((row) => JSON.stringify(row)).join("\n"), ":2"],
  ["m.csv", "instruction,output,image\na,b,\na,b,1.jpg\n", ":3"],
];

for (const [name, text, place] of FILES) {
  Deno.test(`prepare() refuses media with file and row: ${name}`, async () => {
    writeFileSync(join(folder, name), text);
    const message = `Cannot use dataset "${name}" (${folder}/${name}${place}): ${MEDIA}`;
    await assert.rejects(load({ dataset: [name] }), { name: "DataError", message });
    await assert.rejects(load({ evalDataset: [name] }), { name: "DataError", message });
  });
}

Deno.test("prepare() refuses a Parquet file's media, and reads its messages where the entry names nothing else", async () => {
  const file_name = new URL("../../tests/fixtures/data/kinds.parquet", import.meta.url).pathname;
  const entry = { file_name, formatting: "openai", columns: { messages: "messages" } };
  describe({
    text: entry,
    media: { ...entry, columns: { messages: "messages", images: "images" } },
    dated: { file_name, columns: { prompt: "text", response: "date" } },
    past: { file_name, columns: { prompt: "text", response: "huge", history: "history" } },
  });
  for (const dataset of [file_name, "media"]) {
    await assert.rejects(load({ dataset: [dataset] }), /kinds.parquet, row 1\): its column "images" holds media/);
  }
  assert.equal((await load({ dataset: ["text"] })).train.rows, 1);
  await assert.rejects(load({ dataset: ["dated"] }), /row 1: its date is a date, not text\); fix the data$/);
  const { shown } = await load({ dataset: ["past"] });
  assert.deepEqual(shown![0].stretches.filter(({ learned }) => learned).map(({ text }) => text), [
    "r<|im_end|>\n",
    "4611686018427387905<|im_end|>\n",
  ]);
});
