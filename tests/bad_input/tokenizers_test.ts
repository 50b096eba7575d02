// Tokenizers that crash, hang or swell the native library: each is refused in a sentence, within limits.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CheckpointError } from "../../src/errors.ts";
import { Tokenizer } from "../../src/tokenizer/mod.ts";

const FIXTURE = new URL("../fixtures/tokenizer", import.meta.url).pathname;
const crash = (last: string) => `it makes the tokenizer library crash ("${last}"); download the file again`;
const says = (words: string) => `the tokenizer library says "${words}"; download the file again`;
const split = (regex: string) => ({ type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false });
const RETRIES = crash("Onig: Regex search error: retry-limit-in-match over");
const grow = { type: "Replace", pattern: { Regex: "[^X]" }, content: "aaaaaaaaaa" };
const precompiled = (map: string) => ({ type: "Precompiled", precompiled_charsmap: map });
const template = (...single: unknown[]) => ({ type: "TemplateProcessing", single, pair: [], special_tokens: {} });
const UNKNOWN = "Missing [UNK] token from the vocabulary";

/** A change to a good tokenizer.json, and why it cannot be loaded. */
const REFUSED: [name: string, change: (json: any) => void, why: string][] = [
  [
    "pieces of no characters",
    (t) => t.pre_tokenizer = { type: "FixedLength", length: 0 },
    crash(
      "chunk size must be non-zero",
    ),
  ],
  [
    "merges shorter than the prefix that they lose",
    (t) => t.model.continuing_subword_prefix = "a".repeat(1000),
    crash("range end index 18446744073709550619 out of range for slice of length 11"),
  ],
  [
    "a normalizer that makes a text 17 times as long",
    (t) => t.normalizer = { ...grow, content: "a b c d e f g h i j " },
    "it makes 1854 tokens of a text of 109 bytes; download the file again",
  ],
  [
    "a normalizer that reads a text again from each of its characters",
    (t) => t.normalizer = { ...grow, pattern: { Regex: "(?m:.*?(?!))" } },
    "it keeps the tokenizer library busy for more than 2 s; download the file again",
  ],
  [
    "a table of characters that says how long it is, and is not",
    (t) => t.normalizer = precompiled("/////w=="),
    "it makes the tokenizer library take more than 1.0 GiB of memory; download the file again",
  ],
  [
    "a table of characters that leads out of itself",
    (t) => t.normalizer = precompiled(btoa("\x10\0\0\0abcdefghijklmnopxyz\0")),
    crash("index out of bounds: the len is 4 but the index is 421058570"),
  ],
  [
    "an empty table of characters",
    (t) => t.normalizer = precompiled(""),
    crash('Precompiled: Error("Cannot parse precompiled_charsmap", line: 0, column: 0)'),
  ],
  [
    "a normalizer that replaces nothing",
    (t) => t.normalizer = { type: "Replace", pattern: { String: "" }, content: "aa" },
    crash("index out of bounds: the len is 11 but the index is 11"),
  ],
  ["a regular expression that backtracks in words", (t) => t.pre_tokenizer = split("(a+)+$"), RETRIES],
  ["a regular expression that backtracks in one letter", (t) => t.pre_tokenizer = split("(x+x+)+y"), RETRIES],
  [
    "a regular expression that backtracks in a normalizer",
    (t) => t.normalizer = { ...grow, pattern: { Regex: "( +)+$" } },
    RETRIES,
  ],
  [
    "a regular expression that is none",
    (t) => t.pre_tokenizer = split("("),
    says("Oniguruma error: end pattern with unmatched parenthesis at line 1 column 2551"),
  ],
  [
    "a template with a token that it does not define",
    (t) =>
      t.post_processor = template({ SpecialToken: { id: "<nope>", type_id: 0 } }, {
        Sequence: { id: "A", type_id: 0 },
      }),
    crash("no entry found for key"),
  ],
  [
    "a template for one text that asks for a second",
    (t) => t.post_processor = template({ Sequence: { id: "B", type_id: 0 } }),
    crash("index out of bounds: the len is 1 but the index is 1"),
  ],
  [
    "a decoder that strips more than there is",
    (t) => t.decoder = { type: "Strip", content: "a", start: 1, stop: 1 },
    crash("slice index starts at 1 but ends at 0"),
  ],
  [
    "an unknown token's place beyond the vocabulary",
    (t) =>
      t.model = { type: "Unigram", unk_id: 100_000, vocab: Object.keys(t.model.vocab).map((piece) => [piece, -1]) },
    says("Unable to load vocab UnkIdNotInVocabulary at line 1 column 6012"),
  ],
  [
    "half a character in the vocabulary",
    (t) => t.model.vocab["\ud800"] = 350,
    says(
      "unexpected end of hex escape at line 1 column 5711",
    ),
  ],
  [
    "dropout of more than everything",
    (t) => t.model.dropout = 1e9,
    says(
      "Dropout should be between 0 and 1, inclusive at line 1 column 6542",
    ),
  ],
];

/** Tokenizers that load and cannot encode every text: the texts get the sentence. */
const UNREADABLE: [name: string, change: (json: any) => void, says: string][] = [
  [
    "WordPiece without its unknown token",
    (t) =>
      t.model = {
        type: "WordPiece",
        unk_token: "no",
        continuing_subword_prefix: "##",
        max_input_chars_per_word: 100,
        vocab: t.model.vocab,
      },
    `WordPiece error: ${UNKNOWN}`,
  ],
  [
    "words without an unknown one",
    (t) => t.model = { type: "WordLevel", unk_token: "no", vocab: t.model.vocab },
    `WordLevel error: ${UNKNOWN}`,
  ],
  ["BPE with an unknown token that is not there", (t) => {
    t.model.unk_token = "no";
    t.pre_tokenizer = null;
  }, "Unk token `no` not found in the vocabulary"],
];

/** A tokenizer's folder with a changed tokenizer.json. */
async function changed(change: (json: any) => void, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "ftx-tokenizer-"));
  try {
    cpSync(FIXTURE, folder, { recursive: true });
    const json = JSON.parse(readFileSync(join(folder, "tokenizer.json"), "utf8"));
    change(json);
    writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(json));
    await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const [name, change, why] of REFUSED) {
  Deno.test(`Tokenizer.load() refuses ${name}`, () =>
    changed(change, (folder) =>
      assert.rejects(
        Tokenizer.load(folder),
        new CheckpointError(`Cannot load tokenizer "${folder}/tokenizer.json": ${why}`),
      )));
}

for (const [name, change, words] of UNREADABLE) {
  Deno.test(`Tokenizer.encode() names the text that cannot be read by ${name}`, () =>
    changed(change, async (folder) => {
      const tokenizer = await Tokenizer.load(folder);
      const sentence =
        `Cannot encode "What is 日本?" with "${folder}/tokenizer.json": the tokenizer library says "${words}"; ` +
        "use another tokenizer.json";
      for (
        const read of [() => tokenizer.encode("What is 日本?"), () => tokenizer.encodeBatch(["T", "What is 日本?"])]
      ) {
        await assert.rejects(read, new CheckpointError(sentence));
      }
    }));
}
