import { readFileSync } from "node:fs";
import type { Case } from "./case.ts";
import { type Place, SFT } from "./place.ts";

const on = (dataset: string) => `${SFT} --dataset ${dataset}`;
const YAML = "model: nano\ndataset: qa.json\nstage: sft\noutput_dir: out\n";

/** Names that every object of JavaScript has, where names from outside are looked up; and names that fill or change the screen. */
export const NAME_CASES: Case[] = [
  {
    name: "a type of file called constructor",
    run: on("x.constructor"),
    spoil: (p) => p.write("x.constructor", "a"),
    code: 5,
    says:
      'Cannot read "x.constructor": ftx does not read this type of file; use one of .json, .jsonl, .ndjson, .csv, .tsv, .parquet, .txt',
  },
  {
    name: "a type of file called __proto__",
    run: on("x.__proto__"),
    spoil: (p) => p.write("x.__proto__", "a"),
    code: 5,
    says:
      'Cannot read "x.__proto__": ftx does not read this type of file; use one of .json, .jsonl, .ndjson, .csv, .tsv, .parquet, .txt',
  },
  {
    name: "a data set called __proto__",
    run: on("__proto__"),
    spoil: (p) => p.write("data/dataset_info.json", "{}"),
    code: 5,
    says:
      'Cannot find dataset "__proto__": it is neither a file nor a name in "data/dataset_info.json"; check the path, or give org/name at the hub',
  },
  {
    name: "an entry that is a text",
    run: on("constructor"),
    spoil: (p) => p.write("data/dataset_info.json", '{"constructor": "a.json"}'),
    code: 5,
    says: 'Cannot load dataset "constructor": in dataset_info.json it must be an object; correct it',
  },
  {
    name: "an entry with a key called __proto__",
    run: on("d"),
    spoil: (p) => p.write("data/dataset_info.json", '{"d": {"file_name": "d.json", "__proto__": 1}}'),
    code: 5,
    says:
      'Cannot load dataset "d": dataset_info.json has __proto__: this key is not known; use hf_hub_url, ms_hub_url, om_hub_url, script_url, cloud_file_name, file_name, formatting, ranking, subset, split, folder, file_sha1, num_samples, columns, tags',
  },
  {
    name: "a column called constructor",
    run: on("d"),
    spoil: (p) => column(p, "constructor"),
    code: 5,
    says:
      'Cannot use dataset "d": it has no column "constructor", only "instruction", "output"; set columns.prompt of its entry in dataset_info.json',
  },
  {
    name: "a column called __proto__",
    run: on("d"),
    spoil: (p) => column(p, "__proto__"),
    code: 5,
    says:
      'Cannot use dataset "d": it has no column "__proto__", only "instruction", "output"; set columns.prompt of its entry in dataset_info.json',
  },
  {
    name: "a format called toString",
    run: on("d"),
    spoil: (p) => entry(p, { formatting: "toString" }),
    code: 5,
    says:
      'Cannot load dataset "d": dataset_info.json has formatting: it must be alpaca or sharegpt or openai; correct it',
  },
  {
    name: "a count of samples in words",
    run: on("d"),
    spoil: (p) => entry(p, { num_samples: "many" }),
    code: 5,
    says: 'Cannot load dataset "d": dataset_info.json has num_samples: it must be a whole number; correct it',
  },
  {
    name: "a count of samples below one",
    run: on("d"),
    spoil: (p) => entry(p, { num_samples: 0 }),
    code: 5,
    says: 'Cannot load dataset "d": dataset_info.json has num_samples: it must be at least 1; correct it',
  },
  {
    name: "columns that are a list",
    run: on("d"),
    spoil: (p) => entry(p, { columns: ["a"] }),
    code: 5,
    says: 'Cannot load dataset "d": dataset_info.json has columns: it must be an object; correct it',
  },
  {
    name: "a role's field called constructor",
    run: on("d"),
    spoil: (p) => tags(p, { role_tag: "constructor" }),
    code: 5,
    says:
      'Cannot use dataset "d": its only row cannot be used (data/d.json, example 1: message 1 has no constructor; its keys are role, content); fix the data',
  },
  {
    name: "a content's field called toString",
    run: on("d"),
    spoil: (p) => tags(p, { content_tag: "toString" }),
    code: 5,
    says:
      'Cannot use dataset "d": its only row cannot be used (data/d.json, example 1: message 1 has no toString); fix the data',
  },
  {
    name: "a role called __proto__",
    spoil: (p) =>
      p.write(
        "qa.json",
        JSON.stringify([{ messages: [{ role: "__proto__", content: "a" }, { role: "assistant", content: "b" }] }]),
      ),
    code: 5,
    says:
      'Cannot use dataset "qa.json": its only row cannot be used (qa.json, example 1: message 1 has the role "__proto__", which is none of system, user, assistant, tool, function_call); fix the data',
  },
  {
    name: "rows whose only column is called __proto__",
    spoil: (p) => p.write("qa.json", '[{"__proto__": 1}]'),
    code: 5,
    says:
      'Cannot use dataset "qa.json" for sft: its columns are "__proto__", but it needs "messages", "conversations", or "instruction" and "output"; rename them or describe them in dataset_info.json',
  },
  {
    name: "a setting called constructor",
    run: `train a.yaml`,
    spoil: (p) => p.write("a.yaml", YAML + "constructor: 1\n"),
    code: 2,
    says: "Cannot use constructor (a.yaml:5): ftx has no such setting",
  },
  {
    name: "a setting called __proto__",
    run: `train a.yaml`,
    spoil: (p) => p.write("a.yaml", YAML + "__proto__: {a: 1}\n"),
    code: 2,
    says: "Cannot use __proto__ (a.yaml:5): ftx has no such setting",
  },
  {
    name: "a flag called toString",
    run: `${SFT} --toString 1`,
    code: 2,
    says: "Cannot use --toString: ftx has no such setting",
  },
  {
    name: "an environment variable called constructor",
    run: `train a.yaml`,
    spoil: (p) => p.write("a.yaml", 'model: nano\ndataset: "${oc.env:constructor}"\nstage: sft\noutput_dir: out\n'),
    code: 2,
    says:
      "Cannot use dataset (a.yaml:2): the environment variable constructor is not set; set it, or write ${oc.env:constructor,default}",
  },
  {
    name: "a template called constructor",
    run: `${SFT} --template constructor`,
    code: 2,
    says:
      'Cannot use template = "constructor" (--template): choose one of default, empty, alpaca, vicuna, llama2, llama3, mistral, chatml, qwen, qwen3, qwen3_nothink, gemma, phi3, phi, zephyr',
  },
  {
    name: "an optimizer called constructor",
    run: `${SFT} --optim constructor`,
    code: 2,
    says: 'Cannot use optim = "constructor" (--optim): choose one of adamw_torch, sgd, lion_32bit',
  },
  {
    name: "a schedule called toString",
    run: `${SFT} --lr-scheduler-type toString`,
    code: 2,
    says:
      'Cannot use lr_scheduler_type = "toString" (--lr-scheduler-type): choose one of linear, cosine, cosine_with_restarts, polynomial, constant, constant_with_warmup, inverse_sqrt, cosine_with_min_lr, cosine_warmup_with_min_lr, warmup_stable_decay, reduce_lr_on_plateau, greedy',
  },
  {
    name: "an option of a schedule called __proto__",
    run: `${SFT} --lr-scheduler-type cosine --lr-scheduler-kwargs {\"__proto__\":1}`,
    code: 2,
    says:
      'Cannot use lr_scheduler_kwargs = "{\\"__proto__\\":1}" (--lr-scheduler-kwargs): it has the key "__proto__", which no setting knows',
  },
  {
    name: "a model called constructor",
    run: `sft --model constructor --dataset qa.json --output-dir out`,
    code: 2,
    says:
      'Cannot load "constructor": there is no such folder, and no model has this short name; give a folder, org/name, or a name that ftx models search lists',
  },
  {
    name: "an adapter called __proto__",
    run: `${SFT} --adapter __proto__`,
    code: 2,
    says:
      'Cannot load "__proto__": there is no such folder; give an adapter\'s folder as PEFT saves it, or org/name at the hub',
  },
  {
    name: "an architecture called constructor",
    spoil: (p) => p.edit("nano/config.json", (c) => c.architectures = ["constructor"]),
    code: 2,
    says:
      'Cannot use "nano/config.json": architectures = ["constructor"] is not one that ftx computes; choose a model of these: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM',
  },
  {
    name: "a model_type called __proto__",
    spoil: (p) =>
      p.edit("nano/config.json", (c) => {
        delete c.architectures;
        c.model_type = "__proto__";
      }),
    code: 2,
    says:
      'Cannot use "nano/config.json": model_type = "__proto__" is not one that ftx computes; choose a model of these: LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM',
  },
  {
    name: "a rope called toString",
    spoil: (p) => p.edit("nano/config.json", (c) => c.rope_parameters = { rope_type: "toString" }),
    code: 2,
    says:
      'Cannot use "nano/config.json": rope_parameters.rope_type = "toString" is not a rope that ftx knows (default, linear, dynamic, llama3, yarn); correct the key or fetch the model again',
  },
  {
    name: "a kind of adapter called constructor",
    run: `${SFT} --adapter done`,
    spoil: (p) => p.edit("done/adapter_config.json", (c) => c.peft_type = "constructor"),
    code: 2,
    says:
      'Cannot use "done/adapter_config.json": peft_type = "constructor" is not an adapter that ftx computes yet (only LORA); correct the key or use another adapter',
  },
  {
    name: "a tokenizer's model called constructor",
    spoil: (p) => p.edit("nano/tokenizer.json", (t) => t.model.type = "constructor"),
    code: 2,
    says:
      'Cannot load tokenizer "nano/tokenizer.json": its model type "constructor" is unknown; use a tokenizer of type BPE, WordPiece, WordLevel, Unigram',
  },
  {
    name: "a tensor called __proto__",
    spoil: (p) => p.tensors("nano/model.safetensors", (t) => t.set("__proto__", t.get("model.norm.weight")!)),
    code: 2,
    says:
      'Cannot load "nano": tensor __proto__ is not part of the model; check that config.json and weights belong together',
  },
  {
    name: "a part of ftx models called constructor",
    run: `models constructor`,
    code: 2,
    says: 'Cannot run "ftx models constructor": choose one of list, size, search, remove',
  },
  {
    name: "a name with control characters",
    run: on("\x1b[2Jred\x07.json"),
    code: 5,
    says:
      'Cannot find dataset "[2Jred.json": there is no such file, and no "data/dataset_info.json" that could name it; check the path, or give org/name at the hub',
  },
  {
    name: "a name that fills the screen",
    run: on("x".repeat(2000)),
    code: 5,
    says: `Cannot find dataset "${"x".repeat(929)} … ${
      "x".repeat(129)
    }": there is no such file, and no "data/dataset_info.json" that could name it; check the path, or give org/name at the hub`,
  },
  {
    name: "a YAML tag that fills the screen",
    run: `train a.yaml`,
    spoil: (p) => p.write("a.yaml", YAML + `a: !!${"x".repeat(1800)} 1\n`),
    code: 2,
    says: `Cannot read a.yaml:5: the reader of YAML says "Unresolved tag: tag:yaml.org,2002:${
      "x".repeat(66)
    }…"; correct it`,
  },
  {
    name: "a cell with a quote inside",
    run: on("a.csv"),
    spoil: (p) => p.write("a.csv", 'instruction,output\na"b,c\n'),
    code: 5,
    says:
      'Cannot read "a.csv:2": a quote stands in a cell that does not begin with one; quote the cell, and double the quotes inside it',
  },
  {
    name: "a cell that goes on after its quote",
    run: on("a.csv"),
    spoil: (p) => p.write("a.csv", 'instruction,output\n"a" b,c\n'),
    code: 5,
    says: 'Cannot read "a.csv:2": a quoted cell goes on after its closing quote; double the quotes inside it',
  },
  {
    name: "a page of Parquet that is damaged",
    run: on("a.parquet"),
    spoil: (p) => parquet(p, (bytes) => bytes.fill(0xff, 40, 80)),
    code: 5,
    says:
      'Cannot read "a.parquet", row group 1: it is damaged or not a Parquet file (its reader says "missing eof marker"); download it again',
  },
  {
    name: "a Parquet file whose pages are not of its columns",
    run: on("a.parquet"),
    spoil: (p) => parquet(p, (bytes) => rename(bytes, "score", "scorf")),
    code: 5,
    says:
      'Cannot read "a.parquet", row group 3: it is damaged or not a Parquet file (its columns are not those of the schema); download it again',
  },
];

/** An entry "d" of dataset_info.json, and its file with one row. */
function entry(place: Place, entry: Record<string, unknown>, row: unknown = { instruction: "a", output: "b" }): void {
  place.write("data/dataset_info.json", JSON.stringify({ d: { file_name: "d.json", ...entry } }));
  place.write("data/d.json", JSON.stringify([row]));
}

const column = (place: Place, prompt: string) => entry(place, { columns: { prompt } });

function tags(place: Place, tags: Record<string, string>): void {
  const messages = [{ role: "user", content: "a" }, { role: "assistant", content: "b" }];
  entry(place, { formatting: "openai", columns: { messages: "messages" }, tags }, { messages });
}

/** A Parquet file with changed bytes at `a.parquet`. */
function parquet(place: Place, change: (bytes: Uint8Array) => void): void {
  const bytes = Uint8Array.from(readFileSync(new URL("../fixtures/data/snappy.parquet", import.meta.url)));
  change(bytes);
  place.write("a.parquet", bytes);
}

/** Changes the last occurrence of a name, which is that of the last row group. */
function rename(bytes: Uint8Array, name: string, other: string): void {
  bytes.set(new TextEncoder().encode(other), new TextDecoder("latin1").decode(bytes).lastIndexOf(name));
}
