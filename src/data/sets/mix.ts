import type { Random } from "./random.ts";

/** How several data sets become one. */
export type MixStrategy = "concat" | "interleave_under" | "interleave_over" | "interleave_once";

/** An example of a mixture: which set, and which of its examples. */
export interface Pick {
  readonly set: number;
  readonly example: number;
}

/**
 * The order in which sets of the given sizes are mixed.
 *
 * - `concat`: one after the other
 * - `interleave_under`: in turn (or drawn with `probs`), until the first set is used up
 * - `interleave_over`: the same, until the last set is used up; shorter ones start again
 * - `interleave_once`: the same, until the last set is used up; shorter ones drop out
 *
 * @param probs share of each set; without them sets take turns
 */
export function mix(sizes: number[], strategy: MixStrategy, probs: number[], random: Random): Pick[] {
  if (strategy === "concat") {
    return sizes.flatMap((size, set) => Array.from({ length: size }, (_, example) => ({ set, example })));
  }
  return probs.length === 0 ? takeTurns(sizes, strategy) : draw(sizes, strategy, probs, random);
}

function takeTurns(sizes: number[], strategy: MixStrategy): Pick[] {
  const rounds = strategy === "interleave_under" ? Math.min(...sizes) : Math.max(...sizes);
  const picks: Pick[] = [];
  for (let round = 0; round < rounds; round++) {
    sizes.forEach((size, set) => {
      if (strategy === "interleave_once" && round >= size) return;
      picks.push({ set, example: round % size });
    });
  }
  return picks;
}

function draw(sizes: number[], strategy: MixStrategy, probs: number[], random: Random): Pick[] {
  const picks: Pick[] = [];
  const next = sizes.map(() => 0);
  const usedUp = probs.map((share) => share === 0); // a set that is never drawn would never be used up
  const finished = () =>
    strategy === "interleave_under" ? usedUp.some((is, s) => is && probs[s] > 0) : usedUp.every(Boolean);
  while (!finished()) {
    const set = pickSet(probs, random);
    if (usedUp[set] && strategy === "interleave_once") continue;
    picks.push({ set, example: next[set] });
    next[set] = (next[set] + 1) % sizes[set];
    if (next[set] === 0) usedUp[set] = true;
  }
  return picks;
}

function pickSet(probs: number[], random: Random): number {
  let left = random.uniform() * probs.reduce((sum, share) => sum + share);
  const set = probs.findIndex((share) => (left -= share) < 0);
  return set < 0 ? probs.findLastIndex((share) => share > 0) : set;
}
