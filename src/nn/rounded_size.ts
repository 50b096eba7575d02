/**
 * A size of at least `n` that few other sizes round to as well: at most a sixteenth more. On CPUs oneDNN compiles its
 * products anew for every size that it has not met, which costs more than a step of a small model; GPUs do not care.
 */
export function roundedSize(n: number, device: string): number {
  if (device !== "cpu" || n === 0) return n;
  const step = Math.max(16, 2 ** (Math.floor(Math.log2(n)) - 4));
  return Math.ceil(n / step) * step;
}
