// What tokenizers are made of, for campaigns: small whole ones, every kind of part of the library, and odd values.

const vocabulary = [
  ..."abcdefghijklmnopqrstuvwxyzTHE0123456789 ▁.,!?'éĠĊ",
  "<unk>",
  "[UNK]",
  "##a",
  "##b",
  "th",
  "the",
  "Ġthe",
  "▁the",
];
const ids = Object.fromEntries(vocabulary.map((piece, id) => [piece, id]));
const bytes = Object.fromEntries(
  Array.from({ length: 256 }, (_, i) => [`<0x${i.toString(16).toUpperCase().padStart(2, "0")}>`, 100 + i]),
);
const token = (id: number, content: string, special = true) => ({
  ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special },
});

function whole(model: object, more: object = {}): object {
  return {
    ...{
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: [token(400, "<s>"), token(401, "</s>"), token(402, "<t>", false)],
    },
    ...{ normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, model },
    ...more,
  };
}

const bpe = {
  type: "BPE",
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: null,
  end_of_word_suffix: null,
  fuse_unk: false,
};
const merges = [["t", "h"], ["th", "e"], ["Ġ", "the"], ["▁", "the"]];
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true };

/** Whole tokenizers, one for each model and the usual ways to build one. */
export const BASES: readonly object[] = [
  JSON.parse(Deno.readTextFileSync(new URL("../../fixtures/tokenizer/tokenizer.json", import.meta.url))),
  whole({ ...bpe, unk_token: "<unk>", byte_fallback: true, vocab: { ...ids, ...bytes }, merges }, {
    normalizer: { type: "Replace", pattern: { String: " " }, content: "▁" },
    decoder: {
      type: "Sequence",
      decoders: [{ type: "ByteFallback" }, { type: "Fuse" }, { type: "Strip", content: " ", start: 1, stop: 0 }],
    },
  }),
  whole({ type: "Unigram", unk_id: 0, byte_fallback: false, vocab: vocabulary.map((piece, i) => [piece, -i / 10]) }, {
    pre_tokenizer: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
    decoder: { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
  }),
  whole({
    type: "WordPiece",
    unk_token: "[UNK]",
    continuing_subword_prefix: "##",
    max_input_chars_per_word: 100,
    vocab: ids,
  }, {
    normalizer: {
      type: "BertNormalizer",
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
  }),
  whole({ type: "WordLevel", unk_token: "[UNK]", vocab: ids }, { pre_tokenizer: { type: "Whitespace" } }),
];

const REGEXES = [
  ..." ?\\p{L}+| ?\\p{N}+|\\s+(?!\\S)|\\s+".split("§"),
  ...[
    "(a+)+$",
    "(x+x+)+y",
    "a*a*a*b",
    "",
    "(?m:.*?(?!))",
    "(.+)\\1+Q",
    ".",
    "^",
    "(?<=a)b|\\b",
    "(a|aa)+c",
    "\\X",
    "(?i)THE",
  ],
];
const patterns = [...REGEXES.map((regex) => ({ Regex: regex })), { String: " " }, { String: "" }, { String: "the" }];
const behaviors = ["Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"];
const maps = [
  "",
  "AAAA",
  "/////w==",
  btoa("\x10\0\0\0abcdefghijklmnopxyz\0"),
  btoa("\x08\0\0\0\0\x01\0\0\0\x02\0\0ab\0"),
];

/** Every kind of part of the library. */
export const PARTS = {
  normalizer: [
    ...[null, "NFC", "NFD", "NFKC", "NFKD", "Nmt", "Lowercase", "StripAccents", "ByteLevel"].map((type) =>
      type && { type }
    ),
    { type: "Strip", strip_left: true, strip_right: true },
    { type: "Prepend", prepend: "▁" },
    { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, strip_accents: true, lowercase: true },
    ...maps.map((map) => ({ type: "Precompiled", precompiled_charsmap: map })),
    ...patterns.map((pattern) => ({ type: "Replace", pattern, content: "ab" })),
    { type: "Replace", pattern: { Regex: "[^X]" }, content: "abcdefgh" },
  ],
  pre_tokenizer: [
    ...[null, "BertPreTokenizer", "Whitespace", "WhitespaceSplit", "UnicodeScripts"].map((type) => type && { type }),
    byteLevel,
    { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false },
    { type: "Digits", individual_digits: true },
    { type: "Punctuation", behavior: "Isolated" },
    { type: "CharDelimiterSplit", delimiter: "a" },
    { type: "FixedLength", length: 3 },
    ...patterns.flatMap((pattern) =>
      behaviors.map((behavior) => ({ type: "Split", pattern, behavior, invert: false }))
    ),
    ...patterns.map((pattern) => ({ type: "Split", pattern, behavior: "Isolated", invert: true })),
  ],
  post_processor: [
    null,
    byteLevel,
    { type: "BertProcessing", sep: ["</s>", 401], cls: ["<s>", 400] },
    { type: "RobertaProcessing", sep: ["</s>", 401], cls: ["<s>", 400], trim_offsets: true, add_prefix_space: true },
    {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
      pair: [{ Sequence: { id: "A", type_id: 0 } }, { Sequence: { id: "B", type_id: 1 } }],
      special_tokens: { "<s>": { id: "<s>", ids: [400], tokens: ["<s>"] } },
    },
  ],
  decoder: [
    ...[null, "ByteFallback", "Fuse"].map((type) => type && { type }),
    byteLevel,
    { type: "WordPiece", prefix: "##", cleanup: true },
    { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: true },
    { type: "BPEDecoder", suffix: "</w>" },
    { type: "CTC", pad_token: "<s>", word_delimiter_token: "|", cleanup: true },
    { type: "Strip", content: "a", start: 1, stop: 1 },
    { type: "Strip", content: " ", start: 1, stop: 0 },
    ...patterns.map((pattern) => ({ type: "Replace", pattern, content: "ab" })),
  ],
} as const;

/** Values that are put in the place of others. */
export const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 2, 3, 100, 1e9, 2 ** 31, 2 ** 32, 2 ** 53, -1e308, 0.5, 1e-320],
  ...[
    "",
    " ",
    "a",
    "▁",
    "é",
    "😀",
    "\ud800",
    "\0",
    "<s>",
    "<0xFF>",
    "##",
    "BPE",
    "Unigram",
    "constructor",
    "a".repeat(3000),
  ],
  ...[[], {}, [[]], ["a", "b"], [["a", -1]], { a: 0 }, { Regex: "(a+)+$" }, { String: "" }, { type: "Sequence" }],
];

/** Pieces of texts. */
export const TEXTS: readonly string[] = [
  ..."aAzZ09 _.,'\"-\n\t\r\0éßøЖम中한😀\u0301\u200d\u202e▁ĠĊ\ufeff\u00a0\u3000",
  ...[
    "the ",
    "THE",
    "don't",
    "12,345.67",
    "</s>",
    "<s>",
    "<t>",
    "<|endoftext|>",
    "<0x41>",
    "ab",
    "aa b",
    "https://x.y/?z=1#q",
    "👩‍👩‍👧",
    "ﷺ",
    "İ",
    "ǆ",
    "ﬁ",
  ],
];
