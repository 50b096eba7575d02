import type { Tokenizer } from "../tokenizer/mod.ts";
import { IGNORED } from "./sets/batch.ts";
import type { Document } from "./sets/documents.ts";
import type { EncodedSet } from "./sets/set.ts";

/** A document as text, in stretches that are learned or only read. */
export interface Shown {
  /** What it is of its row, where a row has several documents. */
  readonly name?: string;
  readonly stretches: readonly { readonly text: string; readonly learned: boolean }[];
  readonly tokens: number;
  readonly learned: number;
}

/**
 * A row as text: its first document, or one for each of `parts`.
 *
 * @param parts names of the documents of a row: `parts` of the task. Default none
 */
export async function showRow(
  set: EncodedSet,
  row: number,
  tokenizer: Tokenizer,
  parts?: readonly string[],
): Promise<Shown[]> {
  const documents = Array.from(set.documentsOf(row).subarray(0, parts?.length ?? 1), (d) => set.document(d));
  return await Promise.all(documents.map(async (document, i) => {
    const shown = await showDocument(document, tokenizer);
    return parts === undefined ? shown : { name: parts[i], ...shown };
  }));
}

async function showDocument({ ids, labels }: Document, tokenizer: Tokenizer): Promise<Shown> {
  const ends: number[] = [];
  for (let i = 1; i <= ids.length; i++) {
    if (i === ids.length || (labels[i] === IGNORED) !== (labels[i - 1] === IGNORED)) ends.push(i);
  }
  // A decoder treats the first token of a text differently from the rest, so each stretch is what it adds to the text.
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
 * A row for people to read: what is learned is green with `color`, and in ⟦ ⟧ without.
 *
 * @param color whether the terminal shows colours
 */
export function drawExample(row: readonly Shown[], { color }: { color: boolean }): string {
  return row.map((document) => drawDocument(document, color)).join("\n");
}

function drawDocument({ name, stretches, tokens, learned }: Shown, color: boolean): string {
  const text = stretches.map((stretch) => {
    const said = visible(clipped(stretch.text));
    if (color) return stretch.learned ? `\x1b[32m${said}\x1b[0m` : `\x1b[2m${said}\x1b[0m`;
    return stretch.learned ? `⟦${said}⟧` : said;
  }).join("");
  const legend = color ? "\x1b[32mgreen\x1b[0m is learned" : "⟦ ⟧ is learned";
  const heading = name === undefined ? "" : `${name}:\n`;
  return `${heading}${text.trimEnd()}\n(${tokens} tokens, ${learned} of them learned; ${legend})`;
}

const LONGEST = 2000; // characters of a stretch: about a screen

/** Long texts lose their middle: beginning and end are enough to see whether a template is right. */
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
