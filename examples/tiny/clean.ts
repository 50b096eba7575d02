/**
 * From what a program prints to plain text: one line a paragraph, ASCII punctuation, no layout.
 */

const ASCII: Record<string, string> = {
  "\u2018": "'",
  "\u2019": "'",
  "\u00b4": "'",
  "\u201c": '"',
  "\u201d": '"',
  "\u2010": "-",
  "\u2011": "-",
  "\u2012": "-",
  "\u2013": "-",
  "\u2014": " - ",
  "\u2212": "-",
  "\u2022": "*",
  "\u00b7": "*",
  "\u2026": "...",
  "\u00a0": " ",
  "\u00ad": "",
  "\ufeff": "",
  "\t": "    ",
};

/** Typographic characters as their ASCII neighbours: a small vocabulary has no room for both. */
export function plain(text: string): string {
  return text.replace(
    /[\u2018\u2019\u00b4\u201c\u201d\u2010-\u2014\u2212\u2022\u00b7\u2026\u00a0\u00ad\ufeff\t]/g,
    (c) => ASCII[c],
  );
}

/** Blocks of lines between blank lines, each line still with its indentation. */
export function blocks(text: string): string[][] {
  return text.split(/\n\s*\n/).map((block) => block.split("\n").filter((line) => line.trim() !== "")).filter((block) =>
    block.length > 0
  );
}

/**
 * A block as text: lines that were broken to fit a width are joined again, all other lines stay lines.
 * A line was broken when the next one has the same indentation and would not have fitted behind it.
 */
export function unfold(block: string[]): string {
  const indent = (line: string) => line.length - line.trimStart().length;
  const width = Math.max(...block.map((line) => line.length));
  let text = "";
  for (const [at, line] of block.entries()) {
    const words = line.trim().replace(/ {2,}/g, " ");
    const before = block[at - 1];
    const nextWord = line.trim().split(" ", 1)[0].length;
    const starts = /^([*+o-] |\d+[.)] |-{1,2}\w)/.test(words); // a list item or an option begins its own line
    const broken = before !== undefined && !starts && width > 50 &&
      before.length + 1 + nextWord > Math.min(width, 80) - 8 &&
      Math.abs(indent(line) - indent(before)) <= 4;
    text += before === undefined ? words : (broken ? " " : "\n") + words;
  }
  return text;
}

/** Whether a paragraph reads as English prose or commands, rather than as a table, a drawing or another language. */
export function readable(paragraph: string): boolean {
  const letters = paragraph.match(/[A-Za-z]/g)?.length ?? 0;
  const ordinary = paragraph.match(/[A-Za-z ]/g)?.length ?? 0;
  const strange = paragraph.match(/[^\x20-\x7e\n]/g)?.length ?? 0;
  return letters >= 3 && ordinary >= 0.7 * paragraph.length && strange <= 0.02 * paragraph.length;
}
