// The roles of tokens and the tokens that only some files declare: as transformers resolves them.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "../../src/tokenizer/mod.ts";
import { peerPython, runProgram } from "./peer.ts";

const python = peerPython("transformers");
const ignore = python === undefined;
const live = ignore ? " (skipped: no Python with transformers; set FTX_PEERS)" : "";
const FIXTURE = new URL("../fixtures/tokenizer", import.meta.url).pathname;

/** The files of a folder beside its tokenizer.json, which `change` changes. */
interface Folder {
  config?: Record<string, unknown>;
  specials?: Record<string, unknown>;
  added?: Record<string, number>;
  change?: (tokenizer: any) => void;
}

const declared = (content: string, more = {}) => ({
  ...{ content, lstrip: false, normalized: false, rstrip: false, single_word: false, special: true },
  ...more,
});
const TOOL = { "350": declared("<|tool|>") };

const FOLDERS: Record<string, Folder> = {
  "roles in the configuration": {
    config: { bos_token: "<s>", eos_token: "</s>", pad_token: "<|end|>", unk_token: "<|user|>" },
  },
  "roles as objects": {
    config: {
      bos_token: { __type: "AddedToken", ...declared("<s>") },
      eos_token: { __type: "AddedToken", ...declared("</s>") },
    },
  },
  "roles in special_tokens_map alone": {
    config: {},
    specials: { bos_token: "<s>", eos_token: declared("</s>"), pad_token: "<|end|>" },
  },
  "other roles in special_tokens_map": {
    config: { eos_token: "</s>", bos_token: "<bos>" },
    specials: { eos_token: "<eos>", pad_token: "</s>" },
  },
  "a special_tokens_map beside declared tokens": {
    config: { eos_token: "</s>", added_tokens_decoder: TOOL },
    specials: { eos_token: "<eos>" },
  },
  "a role that null leaves out": { config: { bos_token: null, eos_token: "</s>", added_tokens_decoder: TOOL } },
  "tokens that the configuration alone declares": {
    config: {
      eos_token: "</s>",
      added_tokens_decoder: { ...TOOL, "351": declared("<plain>", { special: false, normalized: true }) },
    },
  },
  "declared tokens out of order, and with ids of their own": {
    config: { added_tokens_decoder: { "360": declared("<y>"), "355": declared("<x>") } },
  },
  "declared tokens with other flags than tokenizer.json's": {
    config: {
      added_tokens_decoder: {
        "338": declared("<s>", { lstrip: true, rstrip: true }),
        "348": declared("<think>", { special: true }),
      },
    },
  },
  "roles that no file has as a token": {
    config: { eos_token: "<|new_end|>", pad_token: "<|new_pad|>", bos_token: "<|new_bos|>" },
  },
  "a role whose token is a piece of the model": { config: { eos_token: "he", pad_token: "qu" } },
  "additional special tokens": {
    config: { eos_token: "</s>", additional_special_tokens: ["<|a|>", declared("<|b|>", { __type: "AddedToken" })] },
  },
  "extra special tokens": { config: { eos_token: "</s>", extra_special_tokens: ["<|a|>", "<s>", "<|b|>"] } },
  "extra special tokens by name": {
    config: { eos_token: "</s>", extra_special_tokens: { image_token: "<|image|>", audio_token: "<|audio|>" } },
  },
  "a model's own role": { config: { eos_token: "</s>", image_token: "<|image|>" } },
  "additional special tokens in special_tokens_map": {
    config: {},
    specials: { eos_token: "</s>", additional_special_tokens: ["<|a|>", "<|b|>"] },
  },
  "added_tokens.json": { config: { eos_token: "<|new_end|>" }, added: { "<|later|>": 351, "<|new_end|>": 350 } },
  "added_tokens.json beside declared tokens": { config: { added_tokens_decoder: TOOL }, added: { "<|later|>": 351 } },
  "a bos that the configuration wants": { config: { bos_token: "<s>", eos_token: "</s>", add_bos_token: true } },
  "a bos that the configuration does not want": {
    config: { bos_token: "<s>", eos_token: "</s>", add_bos_token: false },
    change: withBos,
  },
  "a bos of the tokenizer's own rules": { config: { bos_token: "<s>", eos_token: "</s>" }, change: withBos },
  "a bos of the tokenizer's own rules, and a wish about the end": {
    config: { bos_token: "<s>", eos_token: "</s>", add_eos_token: false },
    change: withBos,
  },
  "no tokens in tokenizer.json": {
    config: { eos_token: "</s>", added_tokens_decoder: { "330": declared("</s>") } },
    change: (t) => t.added_tokens = [],
  },
};

function withBos(tokenizer: any): void {
  tokenizer.post_processor = {
    ...{ type: "TemplateProcessing", pair: [] },
    single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    special_tokens: { "<s>": { id: "<s>", ids: [338], tokens: ["<s>"] } },
  };
}

const MARKS = [
  "<s>",
  "</s>",
  "<eos>",
  "<|tool|>",
  "<plain>",
  "<x>",
  "<y>",
  "<think>",
  "<|new_end|>",
  "<|new_pad|>",
  "<|a|>",
  "<|b|>",
];
const TEXTS = [
  "The quick brown fox, he quit",
  ...[...MARKS, "<|image|>", "<|audio|>", "<|later|>", "<|end|>", "<|user|>"].map((mark) => `The ${mark} quick${mark}`),
];

function write(folder: string, { config, specials, added, change }: Folder): void {
  mkdirSync(folder, { recursive: true });
  cpSync(join(FIXTURE, "tokenizer.json"), join(folder, "tokenizer.json"));
  const put = (name: string, json: unknown) => writeFileSync(join(folder, name), JSON.stringify(json));
  if (config) put("tokenizer_config.json", { tokenizer_class: "PreTrainedTokenizerFast", ...config });
  if (specials) put("special_tokens_map.json", specials);
  if (added) put("added_tokens.json", added);
  const tokenizer = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8"));
  change?.(tokenizer);
  put("tokenizer.json", tokenizer);
}

Deno.test(`roles and declared tokens are those of AutoTokenizer (${Object.keys(FOLDERS).length} folders)${live}`, {
  ignore,
}, async (t) => {
  const place = await Deno.makeTempDir({ prefix: "ftx-roles-" });
  try {
    const folders = Object.keys(FOLDERS).map((_, i) => join(place, String(i)));
    Object.values(FOLDERS).forEach((files, i) => write(folders[i], files));
    const theirs = JSON.parse(await runProgram(python!, "roles.py", [JSON.stringify(TEXTS), ...folders]));
    for (const [i, name] of Object.keys(FOLDERS).entries()) {
      await t.step(name, async () => {
        const tokenizer = await Tokenizer.load(folders[i]);
        const roles: Record<string, string | null> = { bos: null, eos: null, pad: null };
        for (const role of ["bos", "eos", "pad"] as const) roles[role] = tokenizer[role]?.text ?? null;
        const { unk: _, ...named } = theirs[i].roles;
        assert.deepEqual(roles, named);
        for (const role of ["bos", "eos", "pad"] as const) assert.equal(tokenizer[role]?.id, theirs[i].ids[role]);
        assert.equal(tokenizer.vocabSize, theirs[i].size);
        assert.equal(tokenizer.addsBos, theirs[i].begins);
        for (const [n, text] of TEXTS.entries()) {
          assert.deepEqual(await tokenizer.encode(text), theirs[i].encoded[n], text);
        }
      });
    }
  } finally {
    rmSync(place, { recursive: true });
  }
});
