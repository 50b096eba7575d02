import { isObject } from "../outside.ts";
import type { TokenizerFiles } from "./files.ts";

// Resolved as transformers 5 does (PreTrainedTokenizerBase._from_pretrained, TokenizersBackend.__init__), except that an
// empty text counts as absent and the next file is asked.

/** The roles, in the order in which transformers adds their tokens. */
const ROLES = ["bos", "eos", "unk", "sep", "pad", "cls", "mask"].map((role) => `${role}_token`);

/** A token that matches before the model sees the text. What its flags do: `AddedToken` of Hugging Face's `tokenizers`. */
export interface DeclaredToken {
  readonly content: string;
  /** True if decoding may leave it out. */
  readonly special: boolean;
  readonly single_word?: boolean;
  readonly lstrip?: boolean;
  readonly rstrip?: boolean;
  /** Default: not `special`. */
  readonly normalized?: boolean;
}

/** What the native library opens: the text of a tokenizer.json, and the tokens that are then added, or get other flags. */
export interface NativeSource {
  readonly text: string;
  readonly declared: readonly DeclaredToken[];
}

type Values = Readonly<Record<string, unknown>>;

/**
 * The text of a role such as `eos_token`. special_tokens_map.json is asked before tokenizer_config.json, unless the latter
 * has `added_tokens_decoder`, as newer ones do. Each may hold a text or an object with `content`.
 */
export function specialText(files: Pick<TokenizerFiles, "config" | "specials">, role: string): string | undefined {
  return tokenOf(files, role)?.content;
}

function tokenOf({ config, specials }: Pick<TokenizerFiles, "config" | "specials">, role: string) {
  const sources = isLegacy(config) ? [specials, config] : [config, specials];
  return sources.map((source) => asToken(source[role], true)).find((token) => token !== undefined);
}

const isLegacy = (config: Values) => !isObject(config.added_tokens_decoder);

/** A token given as text or object; undefined for anything else, and where its text is empty. */
function asToken(value: unknown, special: boolean): DeclaredToken | undefined {
  if (typeof value === "string") return value === "" ? undefined : { content: value, special };
  if (!isObject(value) || typeof value.content !== "string" || value.content === "") return undefined;
  const flag = (name: string) => typeof value[name] === "boolean" ? value[name] : undefined;
  return {
    content: value.content,
    special: flag("special") ?? special,
    single_word: flag("single_word"),
    lstrip: flag("lstrip"),
    rstrip: flag("rstrip"),
    normalized: flag("normalized"),
  };
}

/**
 * The tokens that the other files add to tokenizer.json's, or give other flags, in the order in which they get their ids:
 * those of tokenizer_config.json's `added_tokens_decoder` (or added_tokens.json) by their ids, those with a role, and
 * those of `extra_special_tokens` or `additional_special_tokens`.
 */
export function declaredTokens(files: TokenizerFiles): DeclaredToken[] {
  const stored = new Map(storedTokens(files).map((token) => [token.content, token]));
  const declared = new Map<string, DeclaredToken>();
  const named = new Map(roleTokens(files).map((token) => [token.content, token]));
  for (const token of numberedTokens(files, named)) {
    const known = stored.get(token.content);
    if (known !== undefined && isSame(known, token)) continue;
    declared.set(token.content, named.has(token.content) ? { ...token, special: true } : token);
  }
  for (const token of [...named.values(), ...extraTokens(files)]) {
    if (!stored.has(token.content) && !declared.has(token.content)) declared.set(token.content, token);
  }
  return [...declared.values()];
}

/** Every token that matches before the model sees the text: tokenizer.json's, with the flags of the other files. */
export function addedTokens(files: TokenizerFiles): DeclaredToken[] {
  return [
    ...new Map([...storedTokens(files), ...declaredTokens(files)].map((token) => [token.content, token])).values(),
  ];
}

function storedTokens({ tokenizer }: TokenizerFiles): DeclaredToken[] {
  return (Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : []) as DeclaredToken[];
}

function isSame(a: DeclaredToken, b: DeclaredToken): boolean {
  const flags = (token: DeclaredToken) => {
    const { special, single_word = false, lstrip = false, rstrip = false, normalized = !special } = token;
    return [special, single_word, lstrip, rstrip, normalized].join();
  };
  return flags(a) === flags(b);
}

/** The tokens that are declared with their ids, which say their order. */
function numberedTokens({ config, added }: TokenizerFiles, named: ReadonlyMap<string, DeclaredToken>): DeclaredToken[] {
  const numbered: [id: number, token: DeclaredToken | undefined][] = isLegacy(config)
    ? Object.entries(added).map(([content, id]) => [Number(id), asToken(content, named.has(content))])
    : Object.entries(config.added_tokens_decoder as Values).map(([id, token]) => [Number(id), asToken(token, false)]);
  return numbered.sort(([a], [b]) => a - b).flatMap(([, token]) => token ?? []);
}

/** The tokens with a role: the usual ones, and then any `…_token` of the model's own, such as `image_token`. */
function roleTokens(files: TokenizerFiles): DeclaredToken[] {
  const own = Object.keys({ ...files.config, ...(isLegacy(files.config) ? files.specials : {}) })
    .filter((key) => key.endsWith("_token") && !ROLES.includes(key) && !/^add_/.test(key));
  const tokens = [...ROLES, ...own].map((role) => tokenOf(files, role));
  return tokens.flatMap((token) => token === undefined ? [] : { ...token, special: true });
}

function extraTokens({ config, specials }: TokenizerFiles): DeclaredToken[] {
  const sources = isLegacy(config) ? [config, specials] : [config];
  return sources.flatMap(({ extra_special_tokens: extra, additional_special_tokens: additional }) => {
    const list = isObject(extra) ? Object.values(extra) : Array.isArray(extra) && extra.length > 0 ? extra : additional;
    return (Array.isArray(list) ? list : []).flatMap((token) => asToken(token, true) ?? []);
  });
}

/** A special token's text in a form that no input contains: between private-use characters. */
export function hidden(text: string): string {
  return `\u{f0000}${text}\u{f0000}`;
}

/**
 * The tokenizer, changed so that no text matches its special tokens. Tokens beyond the model's vocabulary get their ids
 * from their position in the list, so they keep their places under a hidden name; those in the vocabulary are dropped.
 */
export function hideSpecials(files: TokenizerFiles): NativeSource {
  const { vocab } = files.tokenizer.model as { vocab: Record<string, number> | [string, number][] };
  const known = new Set(Array.isArray(vocab) ? vocab.map(([piece]) => piece) : Object.keys(vocab));
  const special = new Set(addedTokens(files).filter((token) => token.special).map(({ content }) => content));
  const hide = (tokens: DeclaredToken[]) =>
    tokens.filter(({ content }) => !special.has(content) || !known.has(content))
      .map((token) => special.has(token.content) ? { ...token, content: hidden(token.content) } : token);
  return {
    text: JSON.stringify({
      ...files.tokenizer,
      post_processor: null, // it may name tokens that are hidden now
      added_tokens: hide(storedTokens(files)),
    }),
    declared: hide(declaredTokens(files)),
  };
}
