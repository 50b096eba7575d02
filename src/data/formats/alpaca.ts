import type { Columns } from "../catalogue/entry.ts";
import { filledText, listOf, RowError, textOf, toolsText } from "../sources/row.ts";
import { ALPACA_COLUMNS } from "./columns.ts";
import type { Conversation, Message } from "./conversation.ts";

type Values = Record<string, unknown>;

/** An Alpaca row: a question in `prompt` and `query`, an answer, and perhaps earlier pairs and a system prompt. */
export function readAlpaca(row: Values, columns: Columns): Conversation {
  const { prompt, query, response } = { ...ALPACA_COLUMNS, ...columns };
  const earlier = columns.history === undefined || row[columns.history] === null || row[columns.history] === undefined
    ? []
    : listOf(row[columns.history], columns.history).flatMap(pair);
  return {
    system: columns.system === undefined ? undefined : textOf(row[columns.system], columns.system),
    tools: columns.tools === undefined ? undefined : toolsText(row[columns.tools]),
    messages: [
      ...earlier,
      { role: "user", content: question(row, prompt, query) },
      { role: "assistant", content: filledText(row[response], response) },
    ],
  };
}

/** An Alpaca row as plain text: what the question would be. */
export function readAlpacaText(row: Values, columns: Columns): string {
  const { prompt, query } = { ...ALPACA_COLUMNS, ...columns };
  return question(row, prompt, query);
}

function question(row: Values, prompt: string, query: string): string {
  const parts = [textOf(row[prompt], prompt), textOf(row[query], query)].filter((part) => part !== "");
  return filledText(parts.join("\n"), prompt);
}

function pair(value: unknown): Message[] {
  if (!Array.isArray(value) || value.length !== 2) throw new RowError("its history is not a list of pairs");
  return [
    { role: "user", content: filledText(value[0], "history") },
    { role: "assistant", content: filledText(value[1], "history") },
  ];
}
