import type { Case } from "./case.ts";
import { inProcess } from "../in_process.ts";
import { SFT } from "./place.ts";

const on = (dataset: string) => `${SFT} --dataset ${dataset}`;

/** Files that are pipes, devices, sockets or folders: reading them could take for ever. */
export const KIND_CASES: Case[] = [
  {
    name: "a data set that is a pipe",
    run: on("p.jsonl"),
    spoil: (p) => p.pipe("p.jsonl"),
    code: 5,
    says: 'Cannot read "p.jsonl": it is a pipe; save its data as a file',
  },
  {
    name: "a link to a pipe for data",
    spoil: (p) => {
      p.pipe("p");
      p.link("qa.json", "p");
    },
    code: 5,
    says: 'Cannot read "qa.json": it is a pipe; save its data as a file',
  },
  {
    name: "a pipe in a folder of data",
    run: on("many"),
    spoil: (p) => {
      p.write("many/a.json", "[]");
      p.pipe("many/b.json");
    },
    code: 5,
    says: 'Cannot read "many/b.json": it is a pipe; save its data as a file',
  },
  {
    name: "a data set that is a device",
    run: on("/dev/zero"),
    code: 5,
    says: 'Cannot read "/dev/zero": it is a device; save its data as a file',
  },
  {
    name: "a data set that is a socket",
    run: on("s.json"),
    meanwhile: (p) => Deno.listen({ transport: "unix", path: p.path("s.json") }),
    code: 5,
    says: 'Cannot read "s.json": it is a socket; save its data as a file',
  },
  {
    name: "a dataset_info.json that is a pipe",
    spoil: (p) => p.pipe("data/dataset_info.json"),
    code: 5,
    says: 'Cannot read "data/dataset_info.json": it is a pipe; write a JSON file in its place',
  },
  {
    name: "a data file of an entry that is a pipe",
    run: on("d"),
    spoil: (p) => {
      p.write("data/dataset_info.json", '{"d": {"file_name": "d.json"}}');
      p.pipe("data/d.json");
    },
    code: 5,
    says: 'Cannot read "data/d.json": it is a pipe; save its data as a file',
  },
  {
    name: "a parquet file that is a pipe",
    run: on("a.parquet"),
    spoil: (p) => p.pipe("a.parquet"),
    code: 5,
    says: 'Cannot read "a.parquet": it is a pipe; save its data as a file',
  },
  {
    name: "a tokenizer.json that is a folder",
    spoil: (p) => {
      p.remove("nano/tokenizer.json");
      p.write("nano/tokenizer.json/x", "");
    },
    code: 2,
    says: 'Cannot load tokenizer "nano/tokenizer.json": it is a folder; download the file again',
  },
  {
    name: "a tokenizer.json that is a pipe",
    spoil: (p) => p.pipe("nano/tokenizer.json"),
    code: 2,
    says: 'Cannot load tokenizer "nano/tokenizer.json": it is a pipe; download the file again',
  },
  {
    name: "a special_tokens_map.json that is a device",
    spoil: (p) => p.link("nano/special_tokens_map.json", "/dev/zero"),
    code: 2,
    says: 'Cannot load tokenizer "nano/special_tokens_map.json": it is a device; download the file again',
  },
  {
    name: "a chat_template.jinja that is a pipe",
    spoil: (p) => p.pipe("nano/chat_template.jinja"),
    code: 2,
    says: 'Cannot load tokenizer "nano/chat_template.jinja": it is a pipe; download the file again',
  },
  {
    name: "a config.json that is a pipe",
    spoil: (p) => p.pipe("nano/config.json"),
    code: 2,
    says: 'Cannot read "nano/config.json": it is a pipe; fetch it again',
  },
  {
    name: "a config.json that is a device",
    spoil: (p) => p.link("nano/config.json", "/dev/urandom"),
    code: 2,
    says: 'Cannot read "nano/config.json": it is a device; fetch it again',
  },
  {
    name: "weights that are a pipe",
    spoil: (p) => p.pipe("nano/model.safetensors"),
    code: 2,
    says: 'Cannot load "nano/model.safetensors": it is a pipe; check the path',
  },
  {
    name: "an index that is a pipe",
    spoil: (p) => {
      p.remove("nano/model.safetensors");
      p.pipe("nano/model.safetensors.index.json");
    },
    code: 2,
    says: 'Cannot read "nano/model.safetensors.index.json": it is a pipe; fetch it again',
  },
  {
    name: "an adapter's weights that are a folder",
    run: `${SFT} --adapter done`,
    spoil: (p) => {
      p.remove("done/adapter_model.safetensors");
      p.write("done/adapter_model.safetensors/x", "");
    },
    code: 2,
    says: 'Cannot load "done/adapter_model.safetensors": it is a folder; check the path',
  },
  {
    name: "a settings file that is a pipe",
    run: `train a.yaml`,
    spoil: (p) => p.pipe("a.yaml"),
    code: 2,
    says: 'Cannot read "a.yaml": it is a pipe; name a YAML or JSON file with settings',
  },
  {
    name: "a manifest that is a pipe",
    run: `${SFT} --output-dir done --max-steps 6 --save-steps 2 --resume done/checkpoint-4`,
    spoil: (p) => p.pipe("done/checkpoint-4/manifest.json"),
    code: 2,
    says:
      'Cannot resume from "done/checkpoint-4": "manifest.json" is a pipe; --resume without a path finds the newest intact one',
  },
  {
    name: "an index of encoded data that is a pipe",
    run: `${SFT} --tokenized-path encoded`,
    spoil: (p) => p.pipe("encoded/tokenized.json"),
    code: 5,
    says:
      'Cannot read "encoded/tokenized.json": it is damaged, or another version of ftx wrote it; delete "encoded" to encode again',
  },
  {
    name: "encoded data that is a pipe",
    run: `${SFT} --tokenized-path encoded`,
    spoil: async (p) => {
      await inProcess(p.folder, `${SFT} --tokenized-path encoded --output-dir first --quiet`);
      p.pipe("encoded/train.bin");
    },
    code: 5,
    says:
      'Cannot read "encoded/train.bin": it is damaged, or another version of ftx wrote it; delete "encoded" to encode again',
  },
];
