import { RowError } from "../calls.ts";

/** A cell as text. Numbers and booleans are written out; nothing is an empty text. */
export function textOf(value: unknown, what: string): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new RowError(`its ${what} is ${kindOf(value)}, not a text`);
}

/** A text that must say something. */
export function filledText(value: unknown, what: string): string {
  const text = textOf(value, what);
  if (text.trim() === "") throw new RowError(`its ${what} is empty`);
  return text;
}

/** A cell that is a list, or JSON text of one as CSV files hold it. */
export function listOf(value: unknown, what: string): unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string" && value.trimStart().startsWith("[")) {
    try {
      return JSON.parse(value);
    } catch {
      throw new RowError(`its ${what} is not JSON`);
    }
  }
  throw new RowError(`its ${what} is ${kindOf(value)}, not a list`);
}

/** Tools as JSON text, whether the data holds text or objects. */
export function toolsText(value: unknown): string | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
