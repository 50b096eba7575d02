/** From patterns to pairs of question and command. */
import type { Intent } from "./intent.ts";
import { type Random, seeded } from "./random.ts";
import { word } from "./words.ts";

/** A row of the data set, in alpaca's form. */
export interface Pair {
  instruction: string;
  output: string;
}

/** Put around what the user wants to do; the bare imperative comes as often as the next three together. */
const FRAMES = {
  train: [
    "{Phrase}.",
    "{Phrase}.",
    "{Phrase}.",
    "Please {phrase}.",
    "How do I {phrase}?",
    "How can I {phrase}?",
    "I want to {phrase}.",
    "I need to {phrase}.",
    "Can you {phrase}?",
    "What is the command to {phrase}?",
    "Which command will {phrase}?",
    "Help me {phrase}.",
  ],
  heldout: [
    "{Phrase}.",
    "{Phrase}.",
    "Please {phrase}.",
    "How do I {phrase}?",
    "I want to {phrase}.",
    "I would like to {phrase}.",
    "Could you {phrase}?",
    "Tell me how to {phrase}.",
    "How would I {phrase}?",
    "Which command do I use to {phrase}?",
  ],
};

/** The data set of these intents, the same every time. */
export function composed(intents: Intent[]): { train: Pair[]; heldout: Pair[] } {
  const asked = new Set<string>(); // no question twice, whatever its case
  const [learned, kept] = [seeded(20_250_601), seeded(20_250_602)];
  const train = intents.flatMap((intent) => pairsOf(intent, "train", learned, asked));
  const heldout = intents.flatMap((intent) => pairsOf(intent, "heldout", kept, asked));
  return { train, heldout };
}

/** The pairs of every phrasing of an intent, without questions that were already asked. */
function pairsOf(intent: Intent, kind: "train" | "heldout", random: Random, asked: Set<string>): Pair[] {
  const pairs: Pair[] = [];
  const wanted = each(intent, kind);
  for (const phrasing of intent[kind]) {
    for (let made = 0, tries = 0; made < wanted && tries < 20; tries++) {
      const pair = fill(framed(phrasing, FRAMES[kind], random), intent.command, random);
      const question = pair.instruction.toLowerCase();
      if (asked.has(question)) continue;
      asked.add(question);
      pairs.push(pair);
      made++;
    }
  }
  return pairs;
}

/** Pairs of a phrasing. Where there is something to copy, many: a few names would be learned by heart instead. */
function each(intent: Intent, kind: "train" | "heldout"): number {
  if (kind === "heldout") return 1;
  return intent.command.includes("{") ? 6 : 3;
}

/** A whole sentence as it is; anything else inside a frame. Nobody asks a program to see: "see" is what the asker does. */
function framed(phrasing: string, frames: string[], random: Random): string {
  if (/[.?]$/.test(phrasing)) return phrasing;
  const fitting = /^(see|play|work) /.test(phrasing)
    ? frames.filter((frame) => / (I|me|command) .*to|do I|can I/.test(frame))
    : frames;
  const capital = phrasing[0].toUpperCase() + phrasing.slice(1);
  return random.pick(fitting).replace("{phrase}", phrasing).replace("{Phrase}", capital);
}

/** Question and command with the same word in the same slot; two slots of a kind (`name`, `name2`) get two words. */
function fill(question: string, command: string, random: Random): Pair {
  const words: Record<string, string> = {};
  const slots = [...command.matchAll(/\{(\w+)\}/g)].map(([, slot]) => slot);
  const first = (slot: string) => Number(slot === "server" || slot === "base"); // port and shell depend on it
  for (const slot of slots.sort((a, b) => first(b) - first(a))) {
    const draw = () => word(slot.replace(/\d$/, ""), random, words.server ?? words.base);
    let value = draw();
    while (Object.values(words).includes(value)) value = draw();
    words[slot] = value;
  }
  const filled = (text: string) => text.replace(/\{(\w+)\}/g, (_, slot) => words[slot]);
  const article = question.replace(
    /\b([Aa]) \{(\w+)\}/g,
    (all, a, slot) => /^([aeiou]|nginx|httpd|sh$)/.test(words[slot]) ? `${a}n {${slot}}` : all,
  );
  return { instruction: filled(article), output: filled(command) };
}
