/**
 * Trains the tokenizer of examples/tiny on the corpus: `deno run -A examples/tiny/train_tokenizer.ts [corpus.jsonl]`.
 *
 * Byte-level BPE, split as GPT-2 splits words, except that every digit stands alone and no space sticks to it: "8080" is
 * the same four tokens wherever it stands, which makes a port number easy to copy. Merges are ordered, so the first
 * merges of a big vocabulary are exactly the smaller vocabulary: train, then cut.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import tokenizers from "tokenizers";

const SIZE = 4096; // entries in all: with 256 dimensions a fifth of the model's parameters
const SPECIAL = ["<|pad|>", "<|im_start|>", "<|im_end|>"]; // ids 0, 1, 2, as config.json has them
const DOCKER_WEIGHT = 6; // texts about docker are 1 in 50 of the corpus, but most of what the example is asked

const EMPTY = {
  version: "1.0",
  truncation: null,
  padding: null,
  added_tokens: [],
  normalizer: null,
  pre_tokenizer: {
    type: "Sequence",
    pretokenizers: [
      {
        type: "Split",
        pattern: { Regex: String.raw` ?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+` },
        behavior: "Isolated",
        invert: false,
      },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
  post_processor: null,
  decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
  model: { type: "BPE", vocab: {}, merges: [] },
};

const corpus = Deno.args[0] ?? "build/tiny/corpus.jsonl";
const texts = (await readFile(corpus, "utf8")).trimEnd().split("\n").map((line): string => JSON.parse(line).text);
const weighted = texts.flatMap((text) => Array<string>(/\bdocker\b/i.test(text) ? DOCKER_WEIGHT : 1).fill(text));

const file = new URL("tokenizer.json", import.meta.url);
await writeFile(file, JSON.stringify(cut(await train(weighted)), undefined, 1) + "\n");

/** Everything the library learns from the texts: 30,000 entries, the only size its Node binding supports. */
async function train(texts: string[]) {
  const tokenizer = tokenizers.Tokenizer.fromString(JSON.stringify(EMPTY));
  const folder = await mkdtemp(join(tmpdir(), "tokenizer-"));
  try {
    await writeFile(join(folder, "texts"), texts.join("\n"));
    tokenizer.train([join(folder, "texts")]);
    tokenizer.save(join(folder, "full.json"));
    return JSON.parse(await readFile(join(folder, "full.json"), "utf8"));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The tokenizer with `SIZE` entries: special tokens first, then all bytes, then what the first merges make. */
function cut(full: { model: { merges: [string, string][] } }) {
  const bytes = tokenizers.byteLevelAlphabet().sort();
  const merges = full.model.merges.slice(0, SIZE - SPECIAL.length - bytes.length);
  const entries = [...SPECIAL, ...bytes, ...merges.map((pair) => pair.join(""))];
  const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  return {
    ...full,
    added_tokens: SPECIAL.map((content, id) => ({ id, content, ...plain, special: true })),
    model: { ...full.model, vocab: Object.fromEntries(entries.map((entry, id) => [entry, id])), merges },
  };
}
