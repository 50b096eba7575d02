import type { Tokenizer } from "../../tokenizer/mod.ts";
import { wholeCharacters } from "./characters.ts";
import type { EncodedDocument } from "./conversation.ts";

/** What decides how plain text becomes documents. */
export interface TextOptions {
  /**
   * Longest document in tokens. Left out, texts keep their whole length and get no BOS: they will be joined and cut into
   * blocks, which have their own.
   */
  cutoffLen?: number;
  /** Read special tokens in the data as ordinary text. Default false. */
  splitSpecialTokens?: boolean;
}

/**
 * Encodes many texts, each learned whole and ended by EOS. With `cutoffLen`, each begins with BOS where the tokenizer adds
 * one, and is cut there.
 */
export async function encodeTexts(
  texts: string[],
  tokenizer: Tokenizer,
  { cutoffLen, splitSpecialTokens }: TextOptions,
): Promise<EncodedDocument[]> {
  const encoded = await tokenizer.encodeBatch(texts, { split: splitSpecialTokens });
  const start = tokenizer.addsBos && cutoffLen !== undefined ? [tokenizer.bos!.id] : [];
  const end = tokenizer.eos === undefined ? [] : [tokenizer.eos.id];
  return await Promise.all(encoded.map(async (text) => {
    const all = new Int32Array(start.length + text.length + end.length);
    all.set(start);
    all.set(text, start.length);
    all.set(end, start.length + text.length);
    if (cutoffLen === undefined) return { ids: all, labels: all, cut: false };
    const ids = await wholeCharacters(tokenizer, all, cutoffLen);
    return ids.length < 2
      ? { dropped: "cutoff_len leaves no token to learn" }
      : { ids, labels: ids, cut: ids.length < all.length };
  }));
}
