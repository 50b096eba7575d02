import { isObject } from "../../outside.ts";

/** One row of a data file, or what is wrong with it. `place` says where it is: file and line. */
export type Row =
  | { readonly place: string; readonly value: Record<string, unknown> }
  | { readonly place: string; readonly bad: string };

/** Why a row cannot be used. The message does not say where the row is: the code that reads the rows adds that. */
export class RowError extends Error {}

/** Why a whole data set cannot be used, as one of its rows shows. */
export class SetError extends RowError {}

/** A row from any value: rows are objects with named columns. */
export function rowOf(value: unknown, place: string): Row {
  // Columns have names that others chose: a row inherits nothing that could be taken for one.
  return isObject(value) ? { place, value: Object.setPrototypeOf(value, null) } : { place, bad: "it is not an object" };
}

/** A cell as text: numbers and booleans are written out, and a missing cell is an empty text. Throws `RowError`. */
export function textOf(value: unknown, what: string): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  if (typeof value !== "number") throw new RowError(`its ${what} is ${kindOf(value)}, not text`);
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return String(value);
  throw new RowError(`its ${what} is a number beyond 2^53, whose digits are not exact; write it as text`);
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

/** Whether a cell holds nothing: null, or an empty text, list or object, or the JSON text of such. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  if (typeof value === "string") return ["", "[]", "{}", "null"].includes(value.trim());
  if (ArrayBuffer.isView(value)) return value.byteLength === 0;
  return typeof value === "object" && !(value instanceof Date) && Object.keys(value).length === 0;
}

/** Whether a cell holds nothing at any depth: also lists and objects of nothing but empty cells. */
export function isHollow(value: unknown): boolean {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return isEmpty(value);
  return !(value instanceof Date) && Object.values(value).every(isHollow);
}

/** Tools as JSON text, whether the data holds text or objects. */
export function toolsText(value: unknown): string | undefined {
  if (isEmpty(value)) return undefined;
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** All texts in a value, at any depth. */
export function* textsIn(value: unknown): Generator<string> {
  if (typeof value === "string") yield value;
  else if (typeof value === "object" && value !== null && !ArrayBuffer.isView(value)) {
    for (const part of Object.values(value)) yield* textsIn(part);
  }
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (ArrayBuffer.isView(value)) return "bytes";
  if (value === "") return "empty";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}
