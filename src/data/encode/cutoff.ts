import { type EncodedTurn, joined } from "./turns.ts";

/** Turns that fit the budget. */
export interface Fitted {
  readonly turns: EncodedTurn[];
  /** Whether anything was left out. */
  readonly cut: boolean;
  /** Whether the last answer lost its end, and the mark there. */
  readonly openEnd: boolean;
}

/**
 * As many turns as fit in `budget` tokens, from the first on. The first turn that does not fit keeps its whole question and
 * as much of its answer as there is room for; later turns are left out. Gives nothing if even the first turn does not fit:
 * use `shorten` then.
 */
export function fitFromStart(turns: EncodedTurn[], budget: number): Fitted | undefined {
  const kept: EncodedTurn[] = [];
  let room = budget;
  for (const turn of turns) {
    const length = turn.source.length + turn.answer.length;
    if (length > room) {
      if (kept.length === 0) return undefined;
      if (turn.source.length >= room) return { turns: kept, cut: true, openEnd: false };
      const answer = turn.answer.subarray(0, room - turn.source.length);
      return { turns: [...kept, { source: turn.source, answer }], cut: true, openEnd: true };
    }
    kept.push(turn);
    room -= length;
  }
  return { turns: kept, cut: false, openEnd: false };
}

/**
 * Shortens a turn to `budget` tokens. The answer may take half of the budget, or all that the question leaves if that is
 * more. A question that is too long loses tokens from its middle: its opening (BOS, system prompt, the user's header) stays, up to
 * half of the question's share, and so do its end and the answer's header. Gives nothing if there is no room for the
 * answer's header and one token of the question.
 *
 * @param opening how many tokens precede the question's own text
 * @param closing how many follow it
 */
export function shorten(turn: EncodedTurn, opening: number, closing: number, budget: number): Fitted | undefined {
  const { source, answer } = turn;
  const answerRoom = Math.min(answer.length, Math.max(Math.ceil(budget / 2), budget - source.length));
  const sourceRoom = Math.min(source.length, budget - answerRoom);
  const openEnd = answerRoom < answer.length;
  if (sourceRoom === source.length) {
    return { turns: [{ source, answer: answer.subarray(0, answerRoom) }], cut: true, openEnd };
  }
  const head = Math.min(opening, Math.floor(sourceRoom / 2), sourceRoom - closing - 1);
  if (head < 0) return undefined;
  const shortened = joined([source.subarray(0, head), source.subarray(source.length - (sourceRoom - head))]);
  return { turns: [{ source: shortened, answer: answer.subarray(0, answerRoom) }], cut: true, openEnd };
}
