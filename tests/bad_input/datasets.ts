import { gzipSync } from "node:zlib";
import type { Case } from "./case.ts";
import { SFT } from "./place.ts";

const INFO = "data/dataset_info.json";
const on = (dataset: string) => `${SFT} --dataset ${dataset}`;
const lines = (...rows: unknown[]) => rows.map((row) => JSON.stringify(row) + "\n").join("");

/** Data that cannot be learned from. Exit code 5. */
export const DATASET_CASES: Case[] = [
  {
    name: "a dataset's name with a slip",
    run: on("alpaca_n"),
    spoil: (p) => p.write(INFO, '{"alpaca_en": {"file_name": "a.json"}}'),
    code: 5,
    says:
      'Cannot find dataset "alpaca_n": it is neither a file nor a name in "data/dataset_info.json"; did you mean "alpaca_en"?',
  },
  {
    name: "a dataset that is neither file nor name",
    run: on("nothing.json"),
    code: 5,
    says:
      'Cannot find dataset "nothing.json": there is no such file, and no "data/dataset_info.json" that could name it; check the path, or give org/name at the hub',
  },
  {
    name: "a dataset whose file is not there",
    run: on("alpaca_en"),
    spoil: (p) => p.write(INFO, '{"alpaca_en": {"file_name": "a.json"}}'),
    code: 5,
    says: 'Cannot read "data/a.json": there is no such file or folder; check its name',
  },
  {
    name: "a dataset_info.json that is not JSON",
    run: on("alpaca_en"),
    spoil: (p) => p.write(INFO, '{"alpaca_en": '),
    code: 5,
    says: 'Cannot read "data/dataset_info.json": it is not JSON (line 1, column 15: it ends too early); correct it',
  },
  {
    name: "a dataset_info.json with an unknown key",
    run: on("a"),
    spoil: (p) => p.write(INFO, '{"a": {"file_name": "a.json", "colums": {}}}'),
    code: 5,
    says: 'Cannot load dataset "a": dataset_info.json has colums: this key is not known; did you mean "columns"?',
  },
  {
    name: "a dataset of another hub",
    run: on("a"),
    spoil: (p) => p.write(INFO, '{"a": {"ms_hub_url": "someone/a"}}'),
    code: 5,
    says:
      'Cannot load dataset "a": it is at "someone/a", and ftx downloads only from Hugging Face\'s hub; give hf_hub_url, or download its files and give file_name',
  },
  {
    name: "data that is not JSON",
    spoil: (p) => p.write("qa.json", '[\n{"instruction": "a", "output": "b"},\n{"instruction": "a" "output": "b"}\n]'),
    code: 5,
    says: "Cannot read \"qa.json:3\": it is not JSON (Expected ',' or '}' after property value); fix that line",
  },
  {
    name: "JSON lines that are not JSON",
    run: on("qa.jsonl"),
    spoil: (p) => p.write("qa.jsonl", "{'instruction': 'a'}\n"),
    code: 5,
    says: 'Cannot use dataset "qa.jsonl": its only row cannot be used (qa.jsonl:1: it is not JSON); fix the data',
  },
  {
    name: "JSON that is not a list",
    spoil: (p) => p.write("qa.json", '{"instruction": "a"}'),
    code: 5,
    says: 'Cannot read "qa.json": it has no list of examples; write [{…}, {…}] or one object a line',
  },
  {
    name: "an empty file",
    spoil: (p) => p.write("qa.json", ""),
    code: 5,
    says: 'Cannot read "qa.json": it is empty; give a list of examples',
  },
  {
    name: "an empty list",
    spoil: (p) => p.write("qa.json", "[]"),
    code: 5,
    says: 'Cannot use dataset "qa.json": it is empty; give it at least one example',
  },
  {
    name: "an empty folder of data",
    run: on("empty"),
    spoil: (p) => {
      p.write("empty/x", "");
      p.remove("empty/x");
    },
    code: 5,
    says: 'Cannot read "empty": the folder has no data files (json, jsonl, ndjson, csv, tsv, parquet, txt)',
  },
  {
    name: "a type of file that ftx does not know",
    run: on("qa.xlsx"),
    spoil: (p) => p.write("qa.xlsx", "PK"),
    code: 5,
    says:
      'Cannot read "qa.xlsx": ftx does not read this type of file; use one of .json, .jsonl, .ndjson, .csv, .tsv, .parquet, .txt',
  },
  {
    name: "columns that ftx does not know",
    spoil: (p) => p.write("qa.json", '[{"question": 1, "reply": "b"}]'),
    code: 5,
    says:
      'Cannot use dataset "qa.json" for sft: its columns are "question", "reply", but it needs "messages", "conversations", or "instruction" and "output"; rename them or describe them in dataset_info.json',
  },
  {
    name: "a column that dataset_info.json names and the data has not",
    run: on("a"),
    spoil: (p) => {
      p.write(INFO, '{"a": {"file_name": "a.json", "columns": {"prompt": "frage"}}}');
      p.write("data/a.json", '[{"instruction": "a", "output": "b"}]');
    },
    code: 5,
    says:
      'Cannot use dataset "a": it has no column "frage", only "instruction", "output"; set columns.prompt of its entry in dataset_info.json',
  },
  {
    name: "preferences for sft",
    run: on("p.jsonl"),
    spoil: (p) => p.write("p.jsonl", lines({ prompt: "a", chosen: "b", rejected: "c" })),
    code: 5,
    says:
      'Cannot use dataset "p.jsonl" for sft: its columns are "prompt", "chosen", "rejected", which hold preferences, and this version of ftx cannot train on those; use another data set',
  },
  {
    name: "conversations for pt",
    run: "pt --model nano --full --dataset c.jsonl --output-dir out",
    spoil: (p) =>
      p.write("c.jsonl", lines({ messages: [{ role: "user", content: "a" }, { role: "assistant", content: "b" }] })),
    code: 5,
    says: 'Cannot use dataset "c.jsonl" for pt: its columns are "messages", which hold conversations; use ftx sft',
  },
  {
    name: "text without answers for sft",
    run: on("t.txt"),
    spoil: (p) => p.write("t.txt", "Once upon a time\n"),
    code: 5,
    says: 'Cannot use dataset "t.txt" for sft: its columns are "text", and there are no answers; use ftx pt',
  },
  {
    name: "unknown roles",
    run: on("c.jsonl"),
    spoil: (p) =>
      p.write("c.jsonl", lines({ messages: [{ role: "cat", content: "a" }, { role: "dog", content: "b" }] })),
    code: 5,
    says:
      'Cannot use dataset "c.jsonl": its only row cannot be used (c.jsonl:1: message 1 has the role "cat", which is none of system, user, assistant, tool, function_call); fix the data',
  },
  {
    name: "roles in a wrong order",
    run: on("c.jsonl"),
    spoil: (p) =>
      p.write(
        "c.jsonl",
        lines({
          messages: [{ role: "user", content: "a" }, { role: "user", content: "b" }, {
            role: "assistant",
            content: "c",
          }],
        }),
      ),
    code: 5,
    says:
      'Cannot use dataset "c.jsonl": its only row cannot be used (c.jsonl:1: its roles do not alternate: message 2 should be an answer (assistant) but is "user"); fix the data',
  },
  {
    name: "a message without content",
    run: on("c.jsonl"),
    spoil: (p) => p.write("c.jsonl", lines({ messages: [{ role: "user", content: "a" }, { role: "assistant" }] })),
    code: 5,
    says:
      'Cannot use dataset "c.jsonl": its only row cannot be used (c.jsonl:1: message 2 has no content); fix the data',
  },
  {
    name: "an image among the text",
    run: on("c.jsonl"),
    spoil: (p) =>
      p.write(
        "c.jsonl",
        lines({
          messages: [{ role: "user", content: [{ type: "image_url", image_url: "x" }] }, {
            role: "assistant",
            content: "b",
          }],
        }),
      ),
    code: 5,
    says:
      'Cannot use dataset "c.jsonl" (c.jsonl:1): message 1 has a part of type "image_url", and ftx learns from text alone; use a data set without media',
  },
  {
    name: "data that is not UTF-8",
    run: on("qa.jsonl"),
    spoil: (p) =>
      p.write(
        "qa.jsonl",
        new Uint8Array([
          ...new TextEncoder().encode('{"instruction": "'),
          0xe4,
          ...new TextEncoder().encode('", "output": "b"}\n'),
        ]),
      ),
    code: 5,
    says: 'Cannot use dataset "qa.jsonl": its only row cannot be used (qa.jsonl:1: it is not UTF-8); fix the data',
  },
  {
    name: "more bad rows than good ones",
    run: on("qa.jsonl"),
    spoil: (p) =>
      p.write(
        "qa.jsonl",
        lines({ instruction: "a", output: "b" }, { instruction: "a", output: "" }, { instruction: "", output: "b" }),
      ),
    code: 5,
    says:
      'Cannot use dataset "qa.jsonl": 2 of its 3 rows cannot be used (1 like qa.jsonl:2: its output is empty; 1 like qa.jsonl:3: its instruction is empty); fix the data',
  },
  {
    name: "a cutoff_len without room for a question",
    run: `${SFT} --cutoff-len 4`,
    code: 5,
    says:
      'Cannot use dataset "qa.json": none of its 4 rows can be used (qa.json, example 1: cutoff_len has no room for its question and answer); raise cutoff_len',
  },
  {
    name: "a parquet file cut short",
    run: on("c.parquet"),
    spoil: (p) =>
      p.write(
        "c.parquet",
        Deno.readFileSync(new URL("../fixtures/data/chat.parquet", import.meta.url)).subarray(0, 400),
      ),
    code: 5,
    says:
      'Cannot read "c.parquet": it is damaged or not a Parquet file (its reader says "parquet file invalid (footer != PAR1)"); download it again',
  },
  {
    name: "a text that is called parquet",
    run: on("c.parquet"),
    spoil: (p) => p.write("c.parquet", "PAR1 but not really PAR1"),
    code: 5,
    says:
      'Cannot read "c.parquet": it is damaged or not a Parquet file (its reader says "parquet metadata length 544828524 exceeds available buffer 16"); download it again',
  },
  {
    name: "a CSV with a quote that never ends",
    run: on("a.csv"),
    spoil: (p) => p.write("a.csv", 'instruction,output\na,b\n"c,d\n'),
    code: 5,
    says: 'Cannot read "a.csv:3": a quoted cell is never closed; add the closing quote',
  },
  {
    name: "a gzip file cut short",
    run: on("a.jsonl.gz"),
    spoil: (p) => p.write("a.jsonl.gz", gzipSync(lines({ instruction: "a", output: "b" })).subarray(0, 30)),
    code: 5,
    says: 'Cannot read "a.jsonl.gz": it is cut short; download or compress it again',
  },
  {
    name: "a folder of several types",
    run: on("mixed"),
    spoil: (p) => {
      p.write("mixed/a.json", "[]");
      p.write("mixed/b.csv", "a");
    },
    code: 5,
    says: 'Cannot read "mixed": the folder has files of several types (a.json, b.csv); keep one type, or name a file',
  },
  {
    name: "nothing left to train on",
    run: `${SFT} --val-size 4`,
    code: 2,
    says:
      "Cannot use val_size = 4: there are 4 examples, and at least one must be left to train on; choose a smaller val_size",
  },
];
