import type { Tokenizer } from "../tokenizer/mod.ts";
import type { EncodedExample } from "./encode_sft.ts";
import { countOf, type Documents, DocumentsBuilder } from "./documents.ts";

/** What decides how plain text becomes documents. */
export interface PtOptions {
  /** Longest document in tokens. */
  cutoffLen: number;
  /** Texts will be joined and cut in blocks: they keep their whole length, and BOS is for the blocks. */
  packing: boolean;
  /** Special tokens in the data are ordinary text. */
  splitSpecialTokens?: boolean;
}

/**
 * Texts for pre-training, each ended by EOS and learned whole. Without packing each begins with BOS where the tokenizer
 * has that rule, and is cut at `cutoffLen`.
 */
export async function encodePt(texts: string[], tokenizer: Tokenizer, options: PtOptions): Promise<EncodedExample[]> {
  const encoded = await tokenizer.encodeBatch(texts, { split: options.splitSpecialTokens });
  const start = tokenizer.addsBos && !options.packing ? [tokenizer.bos!.id] : [];
  const end = tokenizer.eos === undefined ? [] : [tokenizer.eos.id];
  return encoded.map((text) => {
    const all = new Int32Array(start.length + text.length + end.length);
    all.set(start);
    all.set(text, start.length);
    all.set(end, start.length + text.length);
    const ids = options.packing ? all : all.subarray(0, options.cutoffLen);
    if (!options.packing && ids.length < 2) return { dropped: "cutoff_len leaves no token to learn" };
    return { ids, labels: ids, cut: ids.length < all.length };
  });
}

/**
 * Joins documents and cuts them in blocks of `cutoffLen` tokens. Each block begins with BOS where the tokenizer has that
 * rule; it is put in front, so no token of the text is lost. The last, shorter block is kept.
 */
export function cutInBlocks(documents: Documents, order: Int32Array, cutoffLen: number, bos?: number): Documents {
  const builder = new DocumentsBuilder();
  const block = new Int32Array(cutoffLen);
  const first = bos === undefined ? 0 : 1;
  if (bos !== undefined) block[0] = bos;
  let filled = first;
  const flush = () => {
    const ids = block.subarray(0, filled);
    if (filled > 1) builder.add(ids, ids); // one token alone predicts nothing
    filled = first;
  };
  for (const d of order) {
    let ids = documents.ids.subarray(documents.offsets[d], documents.offsets[d + 1]);
    while (ids.length > 0) {
      const take = ids.subarray(0, cutoffLen - filled);
      block.set(take, filled);
      filled += take.length;
      ids = ids.subarray(take.length);
      if (filled === cutoffLen) flush();
    }
  }
  if (filled > first) flush();
  return builder.build();
}

/** The documents in their own order. */
export function allOf(documents: Documents): Int32Array {
  return Int32Array.from({ length: countOf(documents) }, (_, i) => i);
}
