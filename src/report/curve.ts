/** A point of a curve. A value that is not finite leaves a gap. */
export interface Point {
  x: number;
  y: number;
}

/**
 * A centred mean whose weights fall with the distance, about as smooth as LLaMA-Factory's
 * plots: the more values, the smoother. Its running
 * mean lags behind a loss that falls; this one does not: towards the first value both sides reach equally far, so that the
 * line begins where the data does. NaN and infinities stay where they are and do not affect their neighbours.
 */
export function smooth(values: readonly number[]): number[] {
  const factor = (1.8 * (1 / (1 + Math.exp(-0.05 * values.length)) - 0.5)) ** 2; // squared: there are two sides
  const reach = Math.ceil(3 / (1 - factor)); // weights beyond it are below a twentieth
  return values.map((value, i) => {
    if (!Number.isFinite(value)) return value;
    let sum = 0, weights = 0;
    for (let j = Math.max(0, i - reach); j <= Math.min(values.length - 1, i + Math.min(reach, i)); j++) {
      if (!Number.isFinite(values[j])) continue;
      const weight = factor ** Math.abs(i - j);
      sum += weight * values[j];
      weights += weight;
    }
    return sum / weights;
  });
}

/** Round numbers from `low` to `high`, about `wanted` of them, 1, 2, 2.5 or 5 times a power of ten apart. */
export function ticks(low: number, high: number, wanted: number): number[] {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= rough * (1 - 1e-9))!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => tidy((first + i) * step));
}

// 0.1 + 0.2 is not a label
const tidy = (value: number) => Number(value.toPrecision(12));

/** The smallest and largest finite value, widened a little when they are equal; 0 to 1 when there are none. */
export function range(values: readonly number[]): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  if (low === high) {
    const spread = Math.abs(low) * 0.1 || 1;
    return [low - spread, high + spread];
  }
  return [low, high];
}
