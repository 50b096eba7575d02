/**
 * The Mersenne Twister MT19937 as in PyTorch's CPU generator, so that orders equal PyTorch's.
 * https://doi.org/10.1145/272991.272995
 */
export class Random {
  readonly #state = new Uint32Array(SIZE);
  #next = SIZE;

  /** @param seed any integer; its low 32 bits count, as in `torch.Generator().manual_seed` */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = Number(BigInt.asUintN(32, BigInt(seed)));
    for (let i = 1; i < SIZE; i++) {
      const before = state[i - 1] ^ (state[i - 1] >>> 30);
      state[i] = Math.imul(1812433253, before) + i;
    }
  }

  /** The next integer in [0, 2^32). */
  uint32(): number {
    if (this.#next === SIZE) this.#refill();
    let y = this.#state[this.#next++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** The next integer in [0, below); the small bias of the remainder is the same in PyTorch. */
  below(below: number): number {
    return this.uint32() % below;
  }

  /** The next number in [0, 1), of 32 bits. */
  uniform(): number {
    return this.uint32() / 2 ** 32;
  }

  /** A permutation of 0 … n-1: `torch.randperm(n, generator=g)` for n below 2^32 / 20. */
  permutation(n: number): Int32Array {
    const order = Int32Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < n - 1; i++) {
      const j = i + this.below(n - i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  #refill(): void {
    const state = this.#state;
    for (let i = 0; i < SIZE; i++) {
      const y = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
      state[i] = state[(i + SHIFT) % SIZE] ^ (y >>> 1) ^ ((y & 1) === 0 ? 0 : 0x9908b0df);
    }
    this.#next = 0;
  }
}

const SIZE = 624; // words of state
const SHIFT = 397; // distance of the word that is mixed in
