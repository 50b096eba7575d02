import type { Conversation } from "../formats/conversation.ts";
import type { Cut, Fitted } from "./cutoff.ts";
import type { EncodedTurn } from "./turns.ts";

/** What `shorten` writes and counts with. */
export interface Shortener {
  readonly encodeText: (text: string) => Promise<Int32Array>;
  /** The question of a conversation of one turn, with all that precedes it. */
  readonly encodeSource: (conversation: Conversation) => Promise<Int32Array>;
  readonly cut: Cut;
  /** The system prompt of conversations that have none. */
  readonly defaultSystem: string;
}

/**
 * The first turn of a conversation in at most `budget` tokens. The answer may take half of them, or what the question leaves
 * if that is more, and is cut at its end. A question that is too long loses its beginning; a system prompt that takes more
 * than the question leaves it, and more than half of what both have, loses its end. Nothing if one of them would lose all.
 */
export async function shorten(
  conversation: Conversation,
  { source, answer }: EncodedTurn,
  budget: number,
  shortener: Shortener,
): Promise<Fitted | undefined> {
  const room = budget - Math.min(answer.length, Math.ceil(budget / 2));
  const short = await shortenQuestion(conversation, source, room, shortener);
  if (short === undefined) return undefined;
  const left = await shortener.cut(answer, budget - short.source.length);
  if (left.length === 0) return undefined;
  return { turns: [{ source: short.source, answer: left }], cut: short.cut, openEnd: left.length < answer.length };
}

async function shortenQuestion(
  conversation: Conversation,
  source: Int32Array,
  room: number,
  { encodeText, encodeSource, defaultSystem }: Shortener,
): Promise<{ source: Int32Array; cut: true | "system" } | undefined> {
  if (source.length <= room) return { source, cut: true };
  const system = conversation.system || defaultSystem;
  const [question, answer] = conversation.messages;
  const write = (system: string, content: string) =>
    encodeSource({ ...conversation, system, messages: [{ ...question, content }, answer] });
  const fits = async (system: string, content: string) => (await write(system, content)).length <= room;

  const systemLength = (await encodeText(system)).length, questionLength = (await encodeText(question.content)).length;
  const both = room - (source.length - systemLength - questionLength); // the rest is the template's
  const share = Math.max(Math.floor(both / 2), both - questionLength);
  let shortSystem = system;
  if (systemLength > share) {
    const keepsQuestion = questionLength <= both - share;
    shortSystem = await longestPart(
      system,
      "start",
      async (part) => keepsQuestion ? await fits(part, question.content) : (await encodeText(part)).length <= share,
    );
    if (shortSystem === "") return undefined;
  }
  const short = await longestPart(question.content, "end", (part) => fits(shortSystem, part));
  if (short === "") return undefined;
  return { source: await write(shortSystem, short), cut: shortSystem === system ? true : "system" };
}

/**
 * The longest beginning or end of a text that fits, cut between two characters; empty if none does.
 *
 * Calls `fits` at most 20 times for a text of a million characters.
 */
async function longestPart(
  text: string,
  side: "start" | "end",
  fits: (part: string) => Promise<boolean>,
): Promise<string> {
  let [low, high] = [0, text.length];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (await fits(part(text, side, middle))) low = middle;
    else high = middle - 1;
  }
  return part(text, side, low);
}

/** `length` code units of a text, or one fewer where that would cut a character in two. */
function part(text: string, side: "start" | "end", length: number): string {
  const at = side === "start" ? length : text.length - length;
  const isInside = /[\ud800-\udbff]/.test(text[at - 1] ?? "") && /[\udc00-\udfff]/.test(text[at] ?? "");
  if (side === "start") return text.slice(0, isInside ? at - 1 : at);
  return text.slice(isInside ? at + 1 : at);
}
