import type { Tokenizer } from "../../tokenizer/mod.ts";

const LONGEST = 4; // tokens of one character: its bytes in UTF-8, one token each
const AROUND = 16; // tokens before the cut that are decoded, so that long texts cost no more than short ones

/**
 * The first tokens of a list, at most `room` of them, that end where a character ends: byte-level tokenizers may write one
 * character with several tokens. At most five short decodings.
 */
export async function wholeCharacters(tokenizer: Tokenizer, ids: Int32Array, room: number): Promise<Int32Array> {
  if (room >= ids.length) return ids;
  const start = Math.max(0, room - AROUND);
  const whole = await tokenizer.decode(ids.subarray(start, room + LONGEST));
  for (let end = room; end >= start && end > room - LONGEST; end--) {
    if (whole.startsWith(await tokenizer.decode(ids.subarray(start, end)))) return ids.subarray(0, end);
  }
  return ids.subarray(0, room); // a decoder that rewrites what it has decoded tells nothing of characters
}
