import type { Columns } from "../catalogue/entry.ts";
import { filledText, isEmpty, listOf, RowError, textOf, toolsText } from "../sources/row.ts";
import type { Conversation, Message } from "./conversation.ts";

type Values = Record<string, unknown>;

/**
 * An Alpaca row: a question in `prompt` and `query`, an answer in `response`, and perhaps earlier pairs and a system prompt.
 * A column without a name is not read.
 */
export function readAlpaca(row: Values, columns: Columns & { readonly response: string }): Conversation {
  const { history, system, tools, response } = columns;
  return {
    system: system === undefined ? undefined : textOf(row[system], system),
    tools: tools === undefined ? undefined : toolsText(row[tools]),
    messages: [
      ...history === undefined || isEmpty(row[history]) ? [] : listOf(row[history], history).flatMap(pair),
      { role: "user", content: questionOf(row, columns) },
      { role: "assistant", content: filledText(row[response], response) },
    ],
  };
}

/** The question of an Alpaca row, which is all of it that plain text has. */
export function questionOf(row: Values, { prompt, query }: Columns): string {
  const names = [prompt, query].filter((name) => name !== undefined);
  const parts = names.map((name) => textOf(row[name], name)).filter((part) => part !== "");
  return filledText(parts.join("\n"), names[0]);
}

/** A pair of earlier messages; an empty one, or one of two empty texts, stands for none. */
function pair(value: unknown, i: number): Message[] {
  if (isEmpty(value)) return [];
  if (!Array.isArray(value) || value.length !== 2) throw new RowError("its history is not a list of pairs");
  if (value.every((text) => isEmpty(text))) return [];
  const [content, answer] = ["question", "answer"].map((what, side) =>
    filledText(value[side], `${what} in pair ${i + 1} of the history`)
  );
  return [{ role: "user", content }, { role: "assistant", content: answer }];
}
