/** Vocabularies grow in steps of this many rows, which keeps products fast: LLaMA-Factory's rule. */
const MULTIPLE = 64;

/** Rows that an embedding of `rows` rows grows to for so many tokens; nothing where it has them already. */
export function grownRows(rows: number, tokens: number): number | undefined {
  return tokens <= rows ? undefined : Math.ceil(tokens / MULTIPLE) * MULTIPLE;
}

/** The modules that must be trained whole and saved beside an adapter once they have new rows, as LLaMA-Factory does. */
export function modulesWithRows(config: { tieWordEmbeddings: boolean }): string[] {
  return ["embed_tokens", ...config.tieWordEmbeddings ? [] : ["lm_head"]];
}
