/**
 * JSON that keeps NaN and infinities, as the strings "NaN", "Infinity", "-Infinity": valid JSON, and `float(x)` in Python
 * and `Number(x)` in JavaScript both give the number back. A loss of NaN must not turn into null.
 */
export function stringifyNumbers(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, x) => typeof x === "number" && !Number.isFinite(x) ? String(x) : x, indent);
}

/** Turns the three strings of `stringifyNumbers` back into numbers. */
export function reviveNumber(value: unknown): unknown {
  return value === "NaN" || value === "Infinity" || value === "-Infinity" ? Number(value) : value;
}
