import type { Tokenizer as Native } from "tokenizers";
import { openNative } from "./native.ts";
import type { NativeSource } from "./special.ts";

/** The trial of a tokenizer, in a process of its own: reads and writes what has made tokenizers crash or hang. */
export async function trial(source: NativeSource): Promise<string | undefined> {
  const native = await answer(() => openNative(source));
  if (native === undefined) return; // the library refuses it in words, here as where it is used
  const json = JSON.parse(source.text);
  if (JSON.stringify(json.normalizer ?? "").includes('"Precompiled"')) await normalize(native);
  const kinds = [PROSE, SCRIPTS, SYMBOLS, CONTROLS];
  const lists = await encode(native, kinds);
  for (const [i, { length }] of lists.entries()) {
    const bytes = new TextEncoder().encode(kinds[i]).length;
    if (length > MOST * bytes) return `it makes ${length} tokens of a text of ${bytes} bytes`;
  }
  lists.push(...await encode(native, [...texts(kinds.join(""), json, source.declared)]));
  await encode(native, ["a"], true);
  const all = Array.from({ length: native.getVocabSize(true) + 2 }, (_, id) => id);
  const each = all.map((id) => [id]), short = lists.filter(({ length }) => length < RUN);
  for (const skipSpecial of [false, true]) {
    await answer(() => native.decodeBatch([[], all, all.toReversed(), ...each, ...short], skipSpecial));
  }
}

const MOST = 16; // tokens for a byte; U+FDFA under NFKC has eleven

/** Every character for which a table of normalized characters may have an entry of its own, alone. */
async function normalize(native: Native): Promise<void> {
  const normalizer = await answer(() => native.getNormalizer());
  if (!normalizer) return;
  for (let from = 0; from < 0x30000; from += 0x1000) {
    const part = Array.from({ length: 0x1000 }, (_, i) => String.fromCodePoint(from + i)).join("\n").toWellFormed();
    await answer(() => normalizer.normalizeString(part));
  }
}

/** Ids of the texts; none where the library refuses a text in words, which can be caught where it happens. */
async function encode(native: Native, texts: string[], addSpecialTokens = false): Promise<number[][]> {
  const together = await answer(() => native.encodeBatch(texts, { addSpecialTokens }));
  if (together !== undefined) return together.map((encoding) => encoding.getIds());
  const lists: number[][] = [];
  for (const text of texts) {
    lists.push((await answer(() => native.encode(text, null, { addSpecialTokens })))?.getIds() ?? []);
  }
  return lists;
}

async function answer<T>(ask: () => T | Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined;
  }
}

const PROSE =
  "The quick brown fox can't jump over 13,579 lazy dogs: it's 3.14 o'clock (UTC+2)!\n\n\tif (x <= 10) { y += 2; }\r\n";
const SCRIPTS =
  "naïve Ünïcödé ﬁ ﷺ Ελληνικά русский עברית العربية हिन्दी ไทย 日本語のテキスト 中文，全角１２３ 한국어 e\u0301\u0302 Å ½ ①";
const SYMBOLS = "😀👩‍👩‍👧‍👦🏳️‍🌈🇩🇪 ∑∞≠→ €£ ″“”‘’– … \u00a0\u2003\u200b\u200d\u2028\u2029\ufeff\u3000 ▁Ġ##</w><unk>";
const CONTROLS = "\0\x01\x07\b\v\f\x1b\x7f\x85 \ue000\ufffd\ufffe\uffff \u{f0000}\u{10ffff} \ud800 \udc00";
const REPEATED = [
  "a",
  "A",
  "1",
  " ",
  "\n",
  "\t",
  "\r\n",
  ".",
  "-",
  "'",
  "é",
  "中",
  "😀",
  "\u0301",
  "▁",
  "ab",
  "a1 ",
  "\0",
];
const RUN = 4000; // characters: squared they exceed the retries that the library's regular expressions may take

const MOST_RUNS = 60;
const LONG = 25_000; // characters: squared they are more than the time of a trial

/** Long texts, the characters of `kinds` one by one, long runs, and the tokenizer's own tokens. */
function* texts(kinds: string, tokenizer: any, declared: NativeSource["declared"]): Generator<string> {
  yield* ["", ...new Set(kinds)];
  for (const unit of [kinds, "a", " "]) yield unit.repeat(LONG / unit.length); // where time grows with its square
  const patterns = regexesIn({ ...tokenizer, model: null });
  for (const unit of [...new Set([...REPEATED, ...patterns, ...patterns.join("")])].slice(0, MOST_RUNS)) {
    for (const times of [2, 3, 7]) yield unit.repeat(times);
    yield unit.repeat(Math.ceil(RUN / unit.length)) + "!x";
  }
  const tokens = [...tokenizer.added_tokens ?? [], ...declared].map(({ content }) => content).slice(0, MOST_TOKENS);
  for (const between of ["", " ", "a", "\n"]) yield tokens.join(between);
}

const MOST_TOKENS = 2000;

/** The regular expressions in a part of a tokenizer.json. */
function regexesIn(part: unknown): string[] {
  if (typeof part !== "object" || part === null) return [];
  return Object.entries(part).flatMap(([key, value]) =>
    key === "Regex" && typeof value === "string" && value !== "" ? [value] : regexesIn(value)
  );
}
