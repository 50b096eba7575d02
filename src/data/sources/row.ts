/** One row of a data file, or what is wrong with it. `place` says where it is: file and line. */
export type Row =
  | { readonly place: string; readonly value: Record<string, unknown> }
  | { readonly place: string; readonly bad: string };

/** Why a row cannot be used. The message does not say where the row is: the code that reads the rows adds that. */
export class RowError extends Error {}

/** A row from any value: rows are objects with named columns. */
export function rowOf(value: unknown, place: string): Row {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  // Columns have names that others chose: a row inherits nothing that could be taken for one.
  return isObject ? { place, value: Object.setPrototypeOf(value, null) } : { place, bad: "it is not an object" };
}

/** A cell as text: numbers and booleans are written out, and a missing cell is an empty text. Throws `RowError`. */
export function textOf(value: unknown, what: string): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new RowError(`its ${what} is ${kindOf(value)}, not text`);
}

/** A text that is not empty. Throws `RowError`. */
export function filledText(value: unknown, what: string): string {
  const text = textOf(value, what);
  if (text.trim() === "") throw new RowError(`its ${what} is empty`);
  return text;
}

/** A cell that is a list, or the JSON text of one, as CSV files hold it. Throws `RowError`. */
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
