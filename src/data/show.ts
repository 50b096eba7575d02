import { IGNORED } from "./batch.ts";
import type { EncodedSet } from "./set.ts";
import type { Tokenizer } from "../tokenizer/mod.ts";

/** An example as text, in stretches that are learned or only read. */
export interface Shown {
  readonly stretches: readonly { readonly text: string; readonly learned: boolean }[];
  readonly tokens: number;
  readonly learned: number;
}

/** The first document of a row as text. */
export async function showRow(set: EncodedSet, row: number, tokenizer: Tokenizer): Promise<Shown> {
  const { ids, labels } = set.document(set.documentsOf(row)[0]);
  const ends: number[] = [];
  for (let i = 1; i <= ids.length; i++) {
    if (i === ids.length || (labels[i] === IGNORED) !== (labels[i - 1] === IGNORED)) ends.push(i);
  }
  // Decoders treat the first token of a text otherwise than those behind it, so each stretch is what it adds to the text.
  const texts = await tokenizer.decodeBatch(ends.map((end) => ids.subarray(0, end)));
  return {
    stretches: texts.map((text, i) => ({
      text: text.slice(i === 0 ? 0 : texts[i - 1].length),
      learned: labels[ends[i] - 1] !== IGNORED,
    })),
    tokens: ids.length,
    learned: labels.filter((label, i) => i > 0 && label !== IGNORED).length,
  };
}

/**
 * An example for people: what is learned is green on a terminal and stands in ⟦ ⟧ elsewhere.
 *
 * @param color whether whoever reads it understands colours
 */
export function drawExample({ stretches, tokens, learned }: Shown, { color }: { color: boolean }): string {
  const text = stretches.map((stretch) => {
    const said = visible(clipped(stretch.text));
    if (color) return stretch.learned ? `\x1b[32m${said}\x1b[0m` : `\x1b[2m${said}\x1b[0m`;
    return stretch.learned ? `⟦${said}⟧` : said;
  }).join("");
  const legend = color ? "\x1b[32mgreen\x1b[0m is learned" : "⟦ ⟧ is learned";
  return `${text.trimEnd()}\n(${tokens} tokens, ${learned} of them learned; ${legend})`;
}

const LONGEST = 2000; // characters of one stretch: a screen, not a book

/** Long texts without their middle: how they begin and how they end is what tells whether a template is right. */
function clipped(text: string): string {
  if (text.length <= LONGEST) return text;
  const half = LONGEST / 2;
  return `${text.slice(0, half)} [… ${text.length - LONGEST} characters …] ${text.slice(-half)}`;
}

/** Control characters in data must not reach the terminal. */
function visible(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x08\x0b-\x1f\x7f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}`);
}
