import type { Case } from "./case.ts";
import { SFT } from "./place.ts";

const FILE = "nano/tokenizer.json";
const CONFIG = "nano/tokenizer_config.json";

/** Tokenizers and templates that do not work together, or at all. */
export const TOKENIZER_CASES: Case[] = [
  {
    name: "a model without tokenizer.json",
    spoil: (p) => p.remove(FILE),
    code: 2,
    says:
      'Cannot load tokenizer "nano": the folder has no tokenizer.json; copy the model\'s tokenizer.json and tokenizer_config.json there',
  },
  {
    name: "a SentencePiece file instead of tokenizer.json",
    spoil: (p) => {
      p.remove(FILE);
      p.write("nano/tokenizer.model", "x");
    },
    code: 2,
    says:
      'Cannot load tokenizer "nano": the folder has tokenizer.model but no tokenizer.json; download the model\'s tokenizer.json, or let transformers write it with AutoTokenizer.from_pretrained(…).save_pretrained(…)',
  },
  {
    name: "a tokenizer.json that is not JSON",
    spoil: (p) => p.cut(FILE, 1000),
    code: 2,
    says:
      'Cannot load tokenizer "nano/tokenizer.json": it is not JSON (line 1, column 1001: a string does not end); download the file again',
  },
  {
    name: "a tokenizer.json without a vocabulary",
    spoil: (p) => p.edit(FILE, (t) => delete t.model.vocab),
    code: 2,
    says: 'Cannot load tokenizer "nano/tokenizer.json": its model has no vocabulary; download the file again',
  },
  {
    name: "a merge of pieces that are not there",
    spoil: (p) => p.edit(FILE, (t) => t.model.merges.push(["qqq", "z"])),
    code: 2,
    says:
      'Cannot load tokenizer "nano/tokenizer.json": merge 75 names the piece "qqq", which has no id; download the file again',
  },
  {
    name: "two tokens with one id",
    spoil: (p) => p.edit(FILE, (t) => t.added_tokens[1].id = t.added_tokens[0].id),
    code: 2,
    says:
      'Cannot load tokenizer "nano/tokenizer.json": the tokens "<|endoftext|>" and "<|begin_of_text|>" have the same id 330; download the file again',
  },
  {
    name: "an unknown pre-tokenizer",
    spoil: (p) => p.edit(FILE, (t) => t.pre_tokenizer = { type: "Magic" }),
    code: 2,
    says:
      'Cannot load tokenizer "nano/tokenizer.json": the tokenizer library says "data did not match any variant of untagged enum PreTokenizerUntagged at line 1 column 2490"; download the file again',
  },
  {
    name: "a tokenizer_config.json that is not JSON",
    spoil: (p) => p.cut(CONFIG, 30),
    code: 2,
    says:
      'Cannot load tokenizer "nano/tokenizer_config.json": it is not JSON (line 2, column 29: a string does not end); download the file again',
  },
  {
    name: "a chat template that is not Jinja",
    spoil: (p) => p.edit(CONFIG, (c) => c.chat_template = "{% for m in messages %}{{ m.content }"),
    code: 2,
    says:
      'Cannot derive a template from the tokenizer\'s chat template: the Jinja interpreter says "Parser Error: Expected closing expression token. CloseCurlyBracket !== CloseExpression."; name one with template',
  },
  {
    name: "a chat template that does not end",
    spoil: (p) =>
      p.edit(CONFIG, (c) => c.chat_template = "{% for i in range(3000) %}".repeat(3) + "{% endfor %}".repeat(3)),
    code: 2,
    says:
      "Cannot derive a template from the tokenizer's chat template: it keeps the Jinja interpreter busy for more than 2 s; name one with template",
  },
  {
    name: "a tokenizer without the template's tokens",
    run: `${SFT} --template llama3`,
    spoil: (p) =>
      p.edit(FILE, (t) => t.added_tokens.find((token: any) => token.content === "<|eot_id|>").content = "<|eot|>"),
    code: 2,
    says:
      'Cannot use template = "llama3": the tokenizer has no token "<|eot_id|>"; choose the model\'s own template, or add the tokens with resize_vocab = true',
  },
  {
    name: "a template that ftx does not know",
    run: `${SFT} --template lama3`,
    code: 2,
    says:
      'Cannot use template = "lama3" (--template): choose one of default, empty, alpaca, vicuna, llama2, llama3, mistral, chatml, qwen, qwen3, qwen3_nothink, gemma, phi3, phi, zephyr; did you mean "llama3"?',
  },
  {
    name: "a tokenizer without an end of text",
    spoil: (p) => {
      p.edit(CONFIG, (c) => {
        delete c.eos_token;
        delete c.chat_template;
      });
      p.edit(FILE, (t) => t.added_tokens[0].content = "<|end|>");
    },
    code: 2,
    says:
      "Cannot use the tokenizer: it names no eos_token; add one to tokenizer_config.json, or set resize_vocab = true",
  },
];
