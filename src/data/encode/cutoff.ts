import type { EncodedTurn } from "./turns.ts";

/** Turns that fit the budget. */
export interface Fitted {
  readonly turns: EncodedTurn[];
  /** Whether anything was left out; `system`: of the system prompt too. */
  readonly cut: boolean | "system";
  /** Whether the last answer lost its end, and the mark there. */
  readonly openEnd: boolean;
  /** How many turns before these were left out. Default 0. */
  readonly first?: number;
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
