/** Numbers formatted for a terminal. Each format is stable, so that a rewritten line does not jump. */

/** `0:05:09`, and `1 day, 2:00:00` from a day on, as in LLaMA-Factory's log. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.floor(seconds));
  const days = Math.floor(whole / 86400);
  const two = (n: number) => String(n).padStart(2, "0");
  const clock = `${Math.floor(whole % 86400 / 3600)}:${two(Math.floor(whole % 3600 / 60))}:${two(whole % 60)}`;
  return days === 0 ? clock : `${days} day${days === 1 ? "" : "s"}, ${clock}`;
}

/** `1,234` */
export function count(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString("en-US") : "?";
}

/** `812 MiB`, `12.3 GiB` */
export function size(bytes: number): string {
  if (bytes < 2 ** 20) return `${Math.ceil(bytes / 2 ** 10)} KiB`;
  return bytes < 2 ** 30 ? `${Math.round(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

/** Short enough for a status line: `1.2340`, `0.01234`, `1234.5`, `5.00e-5`. */
export function short(value: number): string {
  const magnitude = Math.abs(value);
  if (!Number.isFinite(value)) return String(value);
  if (value !== 0 && (magnitude < 1e-3 || magnitude >= 1e6)) return value.toExponential(2);
  if (magnitude >= 1000) return value.toFixed(1);
  return magnitude >= 0.1 || value === 0 ? value.toFixed(4) : value.toPrecision(4);
}
