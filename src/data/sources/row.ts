/** One row of a data file, or what is wrong with it. */
export type Row =
  | { readonly place: string; readonly value: Record<string, unknown> }
  | { readonly place: string; readonly bad: string };

/** A row from any value: rows are objects with named columns. */
export function rowOf(value: unknown, place: string): Row {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return isObject ? { place, value: value as Record<string, unknown> } : { place, bad: "it is not an object" };
}
