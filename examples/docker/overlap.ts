/** How much a held-out question shares with the nearest training question. */
import type { Pair } from "./pairs.ts";

/**
 * The mean over held-out questions of their likeness to the nearest training question (shared words / all words of
 * both, 1 = the same set), counted with the arguments and without them; and the share of commands that training has.
 */
export function overlap(train: Pair[], heldout: Pair[]): { words: number; phrasing: number; commandsSeen: number } {
  const nearest = (words: (pair: Pair) => Set<string>) => {
    const all = train.map(words);
    return mean(heldout.map(words).map((mine) => Math.max(...all.map((other) => likeness(mine, other)))));
  };
  const commands = new Set(train.map((pair) => pair.output));
  return {
    words: nearest((pair) => wordsOf(pair.instruction)),
    phrasing: nearest((pair) => wordsOf(pair.instruction).difference(wordsOf(pair.output))),
    commandsSeen: mean(heldout.map((pair) => commands.has(pair.output) ? 1 : 0)),
  };
}

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().split(/[\s,=]+|[.?](?=\s|$)/).filter(Boolean));
}

function likeness(a: Set<string>, b: Set<string>): number {
  let shared = 0;
  for (const word of a) if (b.has(word)) shared++;
  return shared / (a.size + b.size - shared);
}

function mean(numbers: number[]): number {
  return numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
}
