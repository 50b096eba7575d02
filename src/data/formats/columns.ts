import { DataError } from "../../errors.ts";
import type { Columns } from "../catalogue/entry.ts";
import type { DatasetInfo } from "../catalogue/info.ts";

// Columns that people use for the same thing, the usual ones first.

/** Questions. */
export const PROMPTS = ["instruction", "prompt", "question", "query"];
/** What a question is about. */
export const QUERIES = ["input", "context"];
/** Answers. */
export const RESPONSES = ["output", "response", "completion", "answer"];
/** Lists of messages. */
export const LISTS = ["messages", "conversations", "conversation"];
/** Plain text. */
export const TEXTS = ["text", "content"];

/** Columns of Alpaca data where dataset_info.json names none. */
const ALPACA_COLUMNS = { prompt: "instruction", query: "input", response: "output" };

type Values = Record<string, unknown>;

/** The first of these columns that a row has. */
export function find(names: readonly string[], row: Values): string | undefined {
  return names.find((name) => name in row);
}

/** A row's columns in words, for messages. */
export function columnsIn(row: Values): string {
  return `its columns are ${quoted(row)}`;
}

/** Throws `DataError` where a column is missing; `key` is its name in dataset_info.json. */
export function need(info: DatasetInfo, row: Values, column: string, key: string): void {
  if (column in row) return;
  throw new DataError(
    `Cannot use dataset "${info.name}": it has no column "${column}", only ${quoted(row)}; ` +
      `set columns.${key} of its entry in dataset_info.json`,
  );
}

/**
 * The columns of Alpaca data: those that its entry names and no others, or the usual ones where it names none. Throws
 * `DataError` where one of `needed` has no name, or the first row has no such column.
 */
export function alpacaColumns<K extends "prompt" | "response">(
  info: DatasetInfo,
  row: Values,
  needed: readonly K[],
): Columns & Record<K, string> {
  const columns: Columns = Object.keys(info.columns).length === 0 ? ALPACA_COLUMNS : info.columns;
  for (const key of needed) need(info, row, columnOf(info, columns, key), key);
  return columns as Columns & Record<K, string>;
}

/** The name of a column. Throws `DataError` where an entry that names columns leaves this one out. */
export function columnOf({ name }: DatasetInfo, columns: Columns, key: "prompt" | "response" | "messages"): string {
  const column = columns[key];
  if (column !== undefined) return column;
  throw new DataError(
    `Cannot use dataset "${name}": the columns of its entry in dataset_info.json name no "${key}", and a column that they ` +
      `do not name is not read; add "${key}"`,
  );
}

const quoted = (row: Values) => Object.keys(row).map((name) => `"${name}"`).join(", ");
