/** A token that was added to a vocabulary. */
export interface Added {
  readonly id: number;
  readonly text: string;
  /** True if decoding may leave it out. */
  readonly special: boolean;
}

/**
 * The entries of a tokenizer_config.json or special_tokens_map.json that list added tokens, with further ones. transformers 4 wrote
 * such lists and programs read them; a file without them, as transformers 5 writes it, keeps none: tokenizer.json has every
 * token.
 */
export function declareAdded(config: Record<string, unknown>, added: readonly Added[]): Record<string, unknown> {
  const { added_tokens_decoder: byId, additional_special_tokens: special } = config,
    entries: Record<string, unknown> = {};
  if (added.length === 0) return entries;
  if (typeof byId === "object" && byId !== null) {
    const fresh = added.map(({ id, text, special }) => [
      id,
      { content: text, lstrip: false, normalized: !special, rstrip: false, single_word: false, special },
    ]);
    entries.added_tokens_decoder = { ...byId, ...Object.fromEntries(fresh) };
  }
  if (Array.isArray(special)) {
    entries.additional_special_tokens = [
      ...special,
      ...added.filter((one) => one.special && !special.includes(one.text)).map(({ text }) => text),
    ];
  }
  return entries;
}

/** Ids by text, as added_tokens.json lists them. */
export const idsOf = (added: readonly Added[]): Record<string, number> =>
  Object.fromEntries(added.map(({ id, text }) => [text, id]));
