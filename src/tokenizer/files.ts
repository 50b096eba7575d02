import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { CheckpointError } from "../errors.ts";
import { isObject, otherThanFile } from "../outside.ts";
import { whyNotJson } from "../safetensors/mod.ts";

/** The files of a tokenizer's folder, read but not interpreted. */
export interface TokenizerFiles {
  /** Text of tokenizer.json. */
  readonly text: string;
  /** tokenizer.json as an object. */
  readonly tokenizer: Record<string, unknown>;
  /** tokenizer_config.json; empty if there is none. */
  readonly config: Record<string, unknown>;
  /** special_tokens_map.json; empty if there is none. */
  readonly specials: Record<string, unknown>;
  /** added_tokens.json of older folders, ids by token; empty if there is none. */
  readonly added: Record<string, unknown>;
  /** The model's config.json; empty if there is none that can be read. */
  readonly model: Record<string, unknown>;
  /** The Jinja chat template, if the folder has one. */
  readonly chatTemplate?: string;
  /** Paths of all the tokenizer's files, which are copied when a model is saved. */
  readonly paths: string[];
}

/** Files that make up a tokenizer. Those that exist are copied to a saved model. */
export const TOKENIZER_FILES = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "chat_template.jinja",
  "tokenizer.model",
  "vocab.json",
  "merges.txt",
];

const LARGEST = 64 * 2 ** 20; // bytes; the largest tokenizer.json in public use has about 35 MB
const LARGEST_TEMPLATE = 2 ** 20; // bytes of Jinja

/** Reads a tokenizer's folder. Throws `CheckpointError` that names the file and the remedy. */
export function readTokenizerFiles(folder: string): TokenizerFiles {
  const info = statSync(folder, { throwIfNoEntry: false });
  if (!info) throw cannot(folder, "there is no such folder", "check the path");
  if (!info.isDirectory()) throw cannot(folder, "it is a file", "give the model's folder");
  const path = join(folder, "tokenizer.json");
  if (!existsSync(path)) throw missing(folder);
  const text = readText(path);
  const config = optional(join(folder, "tokenizer_config.json"));
  return {
    text,
    tokenizer: parseObject(path, text),
    config,
    specials: optional(join(folder, "special_tokens_map.json")),
    added: optional(join(folder, "added_tokens.json")),
    model: modelConfig(join(folder, "config.json")),
    chatTemplate: chatTemplate(folder, config),
    paths: TOKENIZER_FILES.map((name) => join(folder, name)).filter((file) => existsSync(file)),
  };
}

function missing(folder: string): CheckpointError {
  const old = ["tokenizer.model", "vocab.json", "vocab.txt", "spiece.model"].find((n) => existsSync(join(folder, n)));
  const so = old === undefined ? "the folder has no tokenizer.json" : `the folder has ${old} but no tokenizer.json`;
  const remedy = old === undefined
    ? "copy the model's tokenizer.json and tokenizer_config.json there"
    : "download the model's tokenizer.json, or let transformers write it with AutoTokenizer.from_pretrained(…).save_pretrained(…)";
  return cannot(folder, so, remedy);
}

/** The error for a tokenizer that cannot be loaded. */
export function cannot(path: string, so: string, remedy: string): CheckpointError {
  return new CheckpointError(`Cannot load tokenizer "${path}": ${so}; ${remedy}`);
}

const AGAIN = "download the file again";

function readText(path: string): string {
  const { size } = statSync(path), kind = otherThanFile(path);
  if (kind !== undefined) throw cannot(path, `it is ${kind}`, AGAIN);
  if (size > LARGEST) {
    throw cannot(path, `it has ${Math.ceil(size / 2 ** 20)} MiB, more than the 64 MiB allowed`, AGAIN);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof TypeError) throw cannot(path, "it is not UTF-8 text", AGAIN);
    throw cannot(path, `it cannot be read (${(error as NodeJS.ErrnoException).code})`, "check its permissions");
  }
}

function parseObject(path: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    const isPointer = text.startsWith("version https://git-lfs");
    throw cannot(path, isPointer ? "it is a Git LFS pointer" : `it is not JSON (${whyNotJson(text)})`, AGAIN);
  }
  if (!isObject(value)) throw cannot(path, "it is not a JSON object", AGAIN);
  return value;
}

function optional(path: string): Record<string, unknown> {
  return existsSync(path) ? parseObject(path, readText(path)) : {};
}

/** The model's configuration, of which a tokenizer needs little: what is wrong with it is said where the model is loaded. */
function modelConfig(path: string): Record<string, unknown> {
  try {
    return optional(path);
  } catch {
    return {};
  }
}

/** chat_template.jinja wins over tokenizer_config.json, whose value may be a text or a list of named texts. */
function chatTemplate(folder: string, config: Record<string, unknown>): string | undefined {
  const path = join(folder, "chat_template.jinja");
  const found = existsSync(path) ? readText(path) : named(config.chat_template);
  if (found !== undefined && found.length > LARGEST_TEMPLATE) {
    throw cannot(path, "its chat template is longer than 1 MiB", AGAIN);
  }
  return found;
}

function named(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return undefined;
  return value.find((entry) => entry?.name === "default" && typeof entry.template === "string")?.template;
}
