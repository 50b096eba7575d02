import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TEMPLATES } from "../../templates/mod.ts";
import { Tokenizer } from "../tokenizer/mod.ts";
import { chooseTemplate } from "./encode/choose_template.ts";
import type { LoadOptions, Target } from "./load_dataset.ts";
import { prepare, type PrepareSettings } from "./prepare.ts";
import { batches } from "./sets/order.ts";
import type { EncodedSet } from "./sets/set.ts";
import { TASKS } from "./tasks/mod.ts";

const folder = mkdtempSync(join(tmpdir(), "ftx-prepare-"));
addEventListener("unload", () => rmSync(folder, { recursive: true }));
const tokenizer = await Tokenizer.load(new URL("../../tests/fixtures/tokenizer", import.meta.url).pathname);
const template = await chooseTemplate({ template: "chatml" }, tokenizer);

const DEFAULTS: PrepareSettings = {
  dataset: [],
  evalDataset: [],
  datasetDir: folder,
  cutoffLen: 200,
  packing: false,
  trainOnPrompt: false,
  maskHistory: false,
  splitSpecialTokens: false,
  overwriteCache: false,
  preprocessingBatchSize: 3,
  evalOnEachDataset: false,
  mixStrategy: "concat",
  interleaveProbs: [],
  valSize: 0,
  seed: 42,
};

/** Writes a data set whose answers are the given words. */
function write(name: string, words: string[]): string {
  const lines = words.map((word) => JSON.stringify({ instruction: `say ${word}`, output: word }));
  writeFileSync(join(folder, name), lines.join("\n"));
  return name;
}

const words = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);
const cache = join(folder, "cache");
const target: Target = { task: TASKS.conversation, template, tokenizer };
const load = (changes: Partial<PrepareSettings>, options: LoadOptions = {}, to = target) =>
  prepare({ ...DEFAULTS, ...changes }, to, { cache, ...options });

/** The answers of a set, in its order. */
async function answers(set: EncodedSet): Promise<string[]> {
  const said: string[] = [];
  for (const batch of batches(set, { batchSize: 1, shuffle: false })) {
    for (let d = 0; d + 1 < batch.starts.length; d++) {
      const learned = batch.targets.filter((_, i) =>
        batch.supervised[i] >= batch.starts[d] && batch.supervised[i] < batch.starts[d + 1]
      );
      said.push((await tokenizer.decode(learned)).replace("<|im_end|>\n", ""));
    }
  }
  return said;
}

Deno.test("prepare() gives every example of several data sets in order, and shows the first", async () => {
  const { train, shown, tallies, evals } = await load({
    dataset: [write("a.jsonl", words("a", 7)), write("b.jsonl", words("b", 2))],
  });
  assert.deepEqual(await answers(train), [...words("a", 7), ...words("b", 2)]);
  assert.deepEqual(shown![0].stretches, [
    { text: "<|im_start|>user\nsay a0<|im_end|>\n<|im_start|>assistant\n", learned: false },
    { text: "a0<|im_end|>\n", learned: true },
  ]);
  const { rows, cut, dropped } = tallies["a.jsonl"];
  assert.deepEqual([rows, cut, dropped, evals], [7, 0, 0, {}]);
});

Deno.test("prepare() takes the first maxSamples of each set, and mixes", async () => {
  const dataset = [write("a.jsonl", words("a", 7)), write("b.jsonl", words("b", 2))];
  const { train } = await load({ dataset, maxSamples: 3, mixStrategy: "interleave_once" });
  assert.deepEqual(await answers(train), ["a0", "b0", "a1", "b1", "a2"]);
});

Deno.test("prepare() sets examples aside by share or count; 1 is a count", async () => {
  const dataset = [write("a.jsonl", words("a", 10))];
  for (const [valSize, aside] of [[0.25, 3], [1, 1], [4, 4]]) {
    const { train, evals } = await load({ dataset, valSize });
    const both = [...await answers(train), ...await answers(evals[""])];
    assert.deepEqual([evals[""].rows, both.sort()], [aside, words("a", 10)]);
  }
  await assert.rejects(load({ dataset, valSize: 10 }), {
    name: "RecipeError",
    message:
      "Cannot use val_size = 10: there are 10 examples, and at least one must be left to train on; choose a smaller val_size",
  });
});

Deno.test("prepare() evaluates on sets together or each by itself", async () => {
  const evalDataset = [write("a.jsonl", words("a", 2)), write("b.jsonl", words("b", 1))];
  assert.deepEqual(await answers((await load({ evalDataset })).evals[""]), ["a0", "a1", "b0"]);
  const { evals, train } = await load({ evalDataset, evalOnEachDataset: true });
  assert.deepEqual([Object.keys(evals), train.rows], [["a.jsonl", "b.jsonl"], 0]);
});

Deno.test("prepare() draws num_samples at random, repeating where there are fewer", async () => {
  const entry = (num_samples: number) => ({ file_name: write("a.jsonl", words("a", 5)), num_samples });
  writeFileSync(join(folder, "dataset_info.json"), JSON.stringify({ few: entry(3), many: entry(12) }));
  const few = await answers((await load({ dataset: ["few"] })).train);
  const many = await answers((await load({ dataset: ["many"] })).train);
  assert.deepEqual([few.length, new Set(few).size, many.length, new Set(many).size], [3, 3, 12, 5]);
  rmSync(join(folder, "dataset_info.json"));
});

Deno.test("prepare() packs examples whole, in rows of at most cutoff_len", async () => {
  const { train } = await load({ dataset: [write("a.jsonl", words("a", 20))], packing: true, cutoffLen: 60 });
  assert.ok(train.rows < 20 && train.documents === 20);
  for (let row = 0; row < train.rows; row++) assert.ok(train.lengthOf(row) <= 60);
  assert.deepEqual((await answers(train)).sort(), words("a", 20).sort());
});

Deno.test("prepare() joins plain text in blocks for pt, and cuts no token", async () => {
  writeFileSync(join(folder, "a.txt"), "How do I list all images?\nHow do I stop it?\n");
  const { train } = await load({ dataset: ["a.txt"], packing: undefined, cutoffLen: 8 }, {}, {
    ...target,
    task: TASKS.text,
  });
  const ids = [...batches(train, { batchSize: 1, shuffle: false })].flatMap((batch) => Array.from(batch.ids));
  const end = tokenizer.eos!.text;
  assert.equal(await tokenizer.decode(ids), `How do I list all images?${end}How do I stop it?${end}`);
  assert.ok(train.lengthOf(0) === 8 && train.rows === Math.ceil(ids.length / 8));
});

Deno.test("prepare() caches data sets and finds them again; other settings make other files", async () => {
  const cache = join(folder, "own-cache");
  const dataset = [write("c.jsonl", words("c", 4))];
  const rows: number[] = [];
  const run = (changes: Partial<PrepareSettings> = {}) => {
    rows.length = 0;
    return load({ dataset, ...changes }, { cache, onProgress: (_, count) => rows.push(count) });
  };
  const first = await run();
  assert.deepEqual(rows, [3, 4]);
  const second = await run();
  assert.deepEqual([rows, second.train.fingerprint], [[], first.train.fingerprint]);
  assert.deepEqual(await answers(second.train), words("c", 4));
  assert.equal((await run({ packing: true })).train.documents, 4); // packs are made of what is cached
  assert.deepEqual([rows, readdirSync(cache).length], [[], 1]);
  await run({ cutoffLen: 100 });
  assert.deepEqual([rows, readdirSync(cache).length], [[3, 4], 2]);
  await run({ overwriteCache: true });
  assert.deepEqual(rows, [3, 4]);
  write("c.jsonl", words("d", 4));
  assert.deepEqual(await answers((await run()).train), words("d", 4));
});

Deno.test("prepare() makes a cache file anew that is broken, and needs none that it can write", async () => {
  const cache = join(folder, "broken-cache");
  const dataset = [write("e.jsonl", words("e", 4))];
  await load({ dataset }, { cache });
  const path = join(cache, readdirSync(cache)[0]);
  const good = readFileSync(path);
  for (
    const broken of [
      good.subarray(0, 40),
      good.subarray(0, -1),
      good.map((byte, i) => i === good.length - 9 ? byte ^ 1 : byte),
    ]
  ) {
    writeFileSync(path, broken);
    assert.deepEqual(await answers((await load({ dataset }, { cache })).train), words("e", 4));
    assert.deepEqual(readFileSync(path), good);
  }
  writeFileSync(join(folder, "no-folder"), "");
  assert.equal((await load({ dataset }, { cache: join(folder, "no-folder", "x") })).train.rows, 4);
});

Deno.test("prepare() keeps encoded sets in tokenized_path, and asks for nothing else then", async () => {
  const tokenizedPath = join(folder, "ready");
  const dataset = [write("a.jsonl", words("a", 9))];
  const first = await load({ dataset, tokenizedPath, packing: true, valSize: 3 });
  const again = await load({ tokenizedPath });
  assert.deepEqual(await answers(again.train), await answers(first.train));
  assert.deepEqual(await answers(again.evals[""]), await answers(first.evals[""]));
  assert.deepEqual([again.train.rows, again.train.fingerprint], [first.train.rows, first.train.fingerprint]);
  await assert.rejects(load({ tokenizedPath }, {}, { ...target, task: TASKS.text }), {
    name: "DataError",
    message:
      `Cannot use tokenized_path = "${tokenizedPath}": its rows were encoded for the task "conversation", and this ` +
      'stage needs "text"; choose another folder',
  });
  const other = await Tokenizer.load(new URL("../../tests/fixtures/tokenizer", import.meta.url).pathname, {
    addTokens: ["zzz"],
  });
  await assert.rejects(load({ tokenizedPath }, {}, { ...target, tokenizer: other }), {
    name: "DataError",
    message:
      `Cannot use tokenized_path = "${tokenizedPath}": it was encoded with another tokenizer; choose another folder`,
  });
  const llama2 = { ...target, template: TEMPLATES.llama2 };
  await assert.rejects(load({ tokenizedPath }, {}, llama2), {
    name: "DataError",
    message:
      `Cannot use tokenized_path = "${tokenizedPath}": it was encoded with the template "chatml", and this run uses ` +
      '"llama2"; name that template, or choose another folder',
  });
  const said: string[] = [];
  const onWarning = (sentence: string) => said.push(sentence);
  await load({ dataset, tokenizedPath, packing: true, valSize: 3 }, { onWarning });
  assert.deepEqual(said, []);
  await load({ dataset: ["b.jsonl"], tokenizedPath, packing: true, cutoffLen: 9, maxSamples: 2, valSize: 3 }, {
    onWarning,
  });
  assert.deepEqual(said, [
    `tokenized_path = "${tokenizedPath}" is read as it was encoded, with dataset = a.jsonl, not b.jsonl; cutoff_len = 200, not 9; ` +
    "max_samples = unset, not 2; choose another folder to encode anew",
  ]);
  writeFileSync(join(tokenizedPath, "train.bin"), "x");
  await assert.rejects(
    load({ tokenizedPath }),
    /train.bin": it is damaged, or another version of ftx wrote it; delete ".*ready" to encode again$/,
  );
});

Deno.test("prepare() warns about rows that it leaves out", async () => {
  const bad = '{"instruction": "a"}\n';
  writeFileSync(
    join(folder, "some.jsonl"),
    `{"instruction": "a", "output": "b"}\n${bad}{"instruction": "c", "output": "d"}\n`,
  );
  const warnings: string[] = [];
  const { train, tallies } = await load({ dataset: ["some.jsonl"] }, {
    onWarning: (sentence) => warnings.push(sentence),
  });
  assert.deepEqual([train.rows, tallies["some.jsonl"].dropped], [2, 1]);
  assert.deepEqual(warnings, [
    `1 of 3 rows in dataset "some.jsonl" cannot be used and is left out (${
      join(folder, "some.jsonl")
    }:2: its output is empty)`,
  ]);
});

/** Data that cannot be used, and what is said. */
const WRONG: [name: string, content: string, changes: Partial<PrepareSettings>, sentence: RegExp][] = [
  ["empty.jsonl", "", {}, /^Cannot use dataset "empty.jsonl": it is empty; give it at least one example$/],
  ["list.json", "[]", {}, /^Cannot use dataset "list.json": it is empty/],
  ["none.jsonl", "{\n", {}, /: its only row cannot be used \(.*none.jsonl:1: it is not JSON\); fix the data$/],
  [
    "most.jsonl",
    '{"instruction": "a", "output": "b"}\n{}\n{}\n',
    {},
    /^Cannot use dataset "most.jsonl": 2 of its 3 rows cannot be used \(.*most.jsonl:2: its instruction is empty\); fix the data$/,
  ],
  [
    "long.jsonl",
    '{"instruction": "a", "output": "b"}\n',
    { cutoffLen: 3 },
    /: its only row cannot be used \(.*long.jsonl:1: cutoff_len has no room for its question and answer\); raise cutoff_len$/,
  ],
];

for (const [name, content, changes, sentence] of WRONG) {
  Deno.test(`prepare() refuses data with a sentence: ${sentence.source.slice(0, 60)}`, async () => {
    writeFileSync(join(folder, name), content);
    await assert.rejects(load({ dataset: [name], ...changes }), (error: any) => {
      assert.match(error.message, sentence);
      assert.equal(error.exitCode, 5);
      return true;
    });
  });
}

Deno.test("prepare() refuses train_on_prompt where headers end answers", async () => {
  const efficient = { ...TEMPLATES.chatml, name: "e", efficientEos: true };
  const dataset = [write("a.jsonl", words("a", 1))];
  const recipe = { ...DEFAULTS, dataset, trainOnPrompt: true };
  await assert.rejects(
    prepare(recipe, { ...target, template: efficient }, { cache }),
    /^RecipeError: Cannot use train_on_prompt with template = "e"/,
  );
});
