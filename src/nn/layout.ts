import { type Device, from, type Tensor } from "../tensor/mod.ts";

/**
 * How N tokens, laid end to end without padding, are cut into documents. Attention stays inside each; everything else
 * does not care.
 */
export interface Layout {
  /** Distance of each token from the start of its document: int32 [N]. */
  positions: Tensor;
  /** Tokens of each document; they sum to N. */
  lengths: readonly number[];
  /** Where each begins, and N: int32 [documents + 1], on the device of the positions; for kernels that take all documents at once. */
  starts?: Tensor;
  /** One more than the largest position. */
  span: number;
}

/** The layout of documents that begin at `starts` [documents + 1]; the last start is N. Lives in the scope around. */
export function layoutOf(positions: Int32Array, starts: Int32Array, device: Device): Layout {
  const lengths = Array.from(starts.subarray(1), (end, i) => end - starts[i]);
  return {
    positions: from(positions, [positions.length], device),
    starts: from(starts, [starts.length], device),
    lengths,
    span: longestOf(lengths),
  };
}

/** The largest length. (`Math.max(...lengths)` throws beyond some 120,000 of them.) */
export const longestOf = (lengths: readonly number[]): number => lengths.reduce((a, b) => Math.max(a, b));

/**
 * A size of at least `n` that few other sizes round to as well: at most a sixteenth more. On CPUs oneDNN compiles its
 * products anew for every size that it has not met, which costs more than a step of a small model; GPUs do not care.
 */
export function roundedSize(n: number, device: string): number {
  if (device !== "cpu" || n === 0) return n;
  const step = Math.max(16, 2 ** (Math.floor(Math.log2(n)) - 4));
  return Math.ceil(n / step) * step;
}
