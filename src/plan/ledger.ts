/** What memory is for. */
export const KINDS = ["weights", "gradients", "optimizer", "activations", "logits", "temporary"] as const;
export type Kind = typeof KINDS[number];

/** How a device's allocator counts: blocks of fewer bytes than `least` do not, others in whole grains. */
export interface Allocator {
  least: number;
  grain: number;
}

/**
 * ffi/arena.cpp counts blocks of 64 KiB and more in pages of 4 KiB (smaller ones are malloc's); CUDA's caching allocator
 * counts all of them, in 512 bytes.
 */
export const ALLOCATORS: Readonly<Record<"cpu" | "cuda", Allocator>> = {
  cpu: { least: 64 << 10, grain: 4 << 10 },
  cuda: { least: 1, grain: 512 },
};

/** Bytes by kind. */
export type ByKind = Record<Kind, number>;

const none = (): ByKind => Object.fromEntries(KINDS.map((kind) => [kind, 0])) as ByKind;

/** Memory that is written down instead of taken: how much is in use, and what for when it was most. Figures in bytes. */
export class Ledger {
  used = 0;
  peak = 0;
  /** What was being done; whoever does something else says so. */
  doing = "";
  /** What was being done at the peak, and what the memory was then for. */
  atPeak: { doing: string; byKind: ByKind } = { doing: "", byKind: none() };
  readonly #now = none();

  constructor(private readonly allocator: Allocator) {}

  /** Writes down a block; gives the bytes that it counts as. */
  take(bytes: number, kind: Kind): number {
    const { least, grain } = this.allocator;
    if (bytes < least) return 0;
    const counted = Math.ceil(bytes / grain) * grain;
    this.used += counted;
    this.#now[kind] += counted;
    if (this.used > this.peak) {
      this.peak = this.used;
      this.atPeak = { doing: this.doing, byKind: { ...this.#now } };
    }
    return counted;
  }

  /** The opposite, with what `take` gave. */
  give(counted: number, kind: Kind) {
    this.used -= counted;
    this.#now[kind] -= counted;
  }

  /** The same block is for something else from now on. */
  turn(counted: number, from: Kind, to: Kind) {
    this.#now[from] -= counted;
    this.#now[to] += counted;
  }
}
