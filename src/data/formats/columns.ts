import { DataError } from "../../errors.ts";
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
export const ALPACA_COLUMNS = { prompt: "instruction", query: "input", response: "output" };

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

const quoted = (row: Values) => Object.keys(row).map((name) => `"${name}"`).join(", ");
