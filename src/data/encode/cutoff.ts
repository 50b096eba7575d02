import type { EncodedTurn } from "./turns.ts";

/** Turns that fit the budget. */
export interface Fitted {
  readonly turns: EncodedTurn[];
  /** Whether anything was left out; `system`: of the system prompt too. */
  readonly cut: boolean | "system";
  /** Whether the last answer lost its end, and the mark there. */
  readonly openEnd: boolean;
}

/** The first tokens of a list, at most `room` of them, that end where a character ends. */
export type Cut = (ids: Int32Array, room: number) => Promise<Int32Array>;

/**
 * As many turns as fit in `budget` tokens, from the first on. The first turn that does not fit keeps its whole question and
 * as much of its answer as there is room for; later turns are left out. Gives nothing if even the first question does not fit.
 */
export async function fitFromStart(turns: EncodedTurn[], budget: number, cut: Cut): Promise<Fitted | undefined> {
  const kept: EncodedTurn[] = [];
  let room = budget;
  for (const turn of turns) {
    const length = turn.source.length + turn.answer.length;
    if (length > room) {
      if (kept.length === 0) return undefined;
      const answer = turn.source.length >= room ? NOTHING : await cut(turn.answer, room - turn.source.length);
      return answer.length === 0
        ? { turns: kept, cut: true, openEnd: false }
        : { turns: [...kept, { source: turn.source, answer }], cut: true, openEnd: true };
    }
    kept.push(turn);
    room -= length;
  }
  return { turns: kept, cut: false, openEnd: false };
}

const NOTHING = new Int32Array(0);

/**
 * How many tokens a question with all that precedes it may take of `budget`: half, or what the answer leaves if that is more.
 */
export function questionRoom({ answer }: EncodedTurn, budget: number): number {
  return budget - Math.min(answer.length, Math.ceil(budget / 2));
}

/** How many of `room` tokens the system prompt may take: half, or what the question leaves if that is more. */
export function systemRoom(question: number, room: number): number {
  return Math.max(Math.floor(room / 2), room - question);
}

/**
 * The longest beginning or end of a text that fits, cut between two characters; empty if none does.
 *
 * Calls `fits` at most 20 times for a text of a million characters.
 */
export async function longestPart(
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
