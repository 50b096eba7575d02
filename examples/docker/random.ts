/** Numbers that look random and are the same on every machine: a 32-bit xorshift. */
export interface Random {
  /** In [0, 1). */
  next(): number;
  /** One of the items. */
  pick<T>(items: readonly T[]): T;
}

/** The sequence of a seed, which is any integer but 0. */
export function seeded(seed: number): Random {
  let state = seed;
  const next = () => {
    state ^= state << 13, state ^= state >>> 17, state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return { next, pick: (items) => items[Math.floor(next() * items.length)] };
}
