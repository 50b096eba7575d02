import { type EncodedTurn, joined } from "./encode.ts";

/** Turns that fit the budget. */
export interface Fitted {
  readonly turns: EncodedTurn[];
  /** Whether anything was left out. */
  readonly cut: boolean;
  /** Whether the last answer lost its end, and with it the mark that ends it. */
  readonly openEnd: boolean;
}

/**
 * Turns from the first on, as many as `budget` tokens hold. Whole turns are kept in order; the first that does not fit
 * keeps its question whole and as much of its answer as there is room for, and everything behind it is left out.
 * Nothing if even the first turn does not fit: then `shorten` is what to do.
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
 * One turn that is longer than `budget` tokens. The answer may have half of the budget, and all that the question leaves.
 * A question that must shrink loses tokens from its middle: what opens it (BOS, system prompt, the user's header) stays
 * as far as half of its share goes, and so do its own end and the answer's header. Nothing if the answer's header and
 * one token of the question have no room.
 *
 * @param opening tokens that stand before the question's own text
 * @param closing tokens that stand behind it
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
