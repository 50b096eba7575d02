import { type Documents, DocumentsBuilder } from "./documents.ts";

/**
 * Joins documents and cuts them into blocks of `cutoffLen` tokens, each learned whole. The last, shorter block is kept.
 *
 * @param order the documents to join
 * @param bos an id to put in front of each block, in addition to the text: no token of it is lost. Default none
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
