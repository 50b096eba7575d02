import type { TokenizerFiles } from "./files.ts";

/**
 * The text of a role such as `eos_token`: tokenizer_config.json first, then special_tokens_map.json; each may hold a
 * text or an object with `content`.
 */
export function specialText({ config, specials }: TokenizerFiles, role: string): string | undefined {
  for (const source of [config, specials]) {
    const value = source[role] as string | { content?: unknown } | null | undefined;
    if (typeof value === "string") return value;
    if (typeof value?.content === "string") return value.content;
  }
  return undefined;
}

/** A token that is declared in addition to the model's vocabulary. */
export interface DeclaredToken {
  readonly content: string;
  /** True if decoding may leave it out. */
  readonly special: boolean;
}

/** What the native library opens: the text of a tokenizer.json, and the tokens that are added to it where it lacks them. */
export interface NativeSource {
  readonly text: string;
  readonly declared: readonly DeclaredToken[];
}

/** Added tokens of tokenizer.json, then those that only tokenizer_config.json has, by their ids. */
export function declaredTokens({ tokenizer, config }: TokenizerFiles): DeclaredToken[] {
  const added = Array.isArray(tokenizer.added_tokens) ? tokenizer.added_tokens : [];
  const listed = Object.entries((config.added_tokens_decoder ?? {}) as Record<string, unknown>)
    .sort(([a], [b]) => Number(a) - Number(b)).map(([, token]) => token);
  const tokens = new Map<string, DeclaredToken>();
  for (const token of [...added, ...listed]) {
    const { content, special } = (token ?? {}) as { content?: unknown; special?: unknown };
    if (typeof content !== "string" || content === "" || tokens.has(content)) continue;
    tokens.set(content, { content, special: special === true });
  }
  return [...tokens.values()];
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
  const hide = <T extends DeclaredToken>(token: T): T =>
    token.special ? { ...token, content: hidden(token.content) } : token;
  const added = (files.tokenizer.added_tokens ?? []) as DeclaredToken[];
  return {
    text: JSON.stringify({
      ...files.tokenizer,
      post_processor: null, // it may name tokens that are hidden now
      added_tokens: added.filter(({ special, content }) => !special || !known.has(content)).map(hide),
    }),
    declared: declaredTokens(files).filter(({ content }) => !known.has(content)).map(hide),
  };
}
