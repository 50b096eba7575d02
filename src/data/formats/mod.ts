/** How rows become conversations or plain texts. */
import { DataError } from "../../errors.ts";
import type { Conversation } from "../conversation.ts";
import { type Columns, type DatasetInfo, OPENAI_TAGS, SHAREGPT_TAGS, type Tags } from "../info.ts";
import { ALPACA_COLUMNS, readAlpaca, readAlpacaText } from "./alpaca.ts";
import { readChat } from "./chat.ts";
import { filledText } from "./message.ts";

/** Reads rows; throws `RowError` for one that cannot be used. */
export interface Format {
  readonly name: string;
  /** A conversation for fine-tuning, a plain text for pre-training. */
  readonly read: (row: Record<string, unknown>) => Conversation | string;
}

/** What the data will be used for. */
export type Use = "pt" | "sft";

/** Columns that people use for the same thing, the usual ones first. */
const PROMPTS = ["instruction", "prompt", "question", "query"];
const QUERIES = ["input", "context"];
const RESPONSES = ["output", "response", "completion", "answer"];
const LISTS = ["messages", "conversations", "conversation"];
const TEXTS = ["text", "content"];

/** The format of a data set, settled by its first row. Throws `DataError` that names the columns there are. */
export function formatOf(info: DatasetInfo, first: Record<string, unknown>, use: Use): Format {
  return info.formatting === "detect" ? detect(info, first, use) : declared(info, first, use);
}

function declared(info: DatasetInfo, first: Record<string, unknown>, use: Use): Format {
  const { columns, tags, formatting } = info;
  if (formatting !== "alpaca") {
    const column = columns.messages ?? LISTS.find((name) => name in first) ?? "messages";
    need(info, first, column, "messages");
    return chat(info, column, columns, tags, use);
  }
  if (use === "pt" && columns.prompt === undefined && "text" in first) return text("text");
  const { prompt, response } = { ...ALPACA_COLUMNS, ...columns };
  need(info, first, prompt, "prompt");
  if (use === "sft") need(info, first, response, "response");
  return alpaca(columns, use);
}

function detect(info: DatasetInfo, first: Record<string, unknown>, use: Use): Format {
  const find = (names: string[]) => names.find((name) => name in first);
  const list = find(LISTS);
  const [prompt, response, plain] = [find(PROMPTS), find(RESPONSES), find(TEXTS)];
  const extra = {
    ...("system" in first && { system: "system" }),
    ...("tools" in first && { tools: "tools" }),
    ...("history" in first && { history: "history" }),
  };
  if (use === "pt") {
    if (plain !== undefined) return text(plain);
  } else {
    if (list !== undefined) return chat(info, list, extra, tagsOf(first[list]), use);
    if (prompt !== undefined && response !== undefined) {
      return alpaca({ ...extra, prompt, response, query: find(QUERIES) ?? ALPACA_COLUMNS.query }, use);
    }
  }
  throw new DataError(`Cannot use "${info.name}" for ${use}: ${whyNot(first, use)}`);
}

function whyNot(first: Record<string, unknown>, use: Use): string {
  const has = `its columns are ${Object.keys(first).map((name) => `"${name}"`).join(", ")}`;
  if (use === "pt" && LISTS.some((name) => name in first)) return `${has}, which are conversations; use ftx sft`;
  if (use === "pt") {
    return `${has} and plain text would stand in "text"; rename one or describe it in dataset_info.json`;
  }
  if ("chosen" in first && "rejected" in first) {
    return `${has}, which are preferences, and ftx trains on those in a later version; use another set`;
  }
  if (TEXTS.some((name) => name in first)) return `${has} and there are no answers; use ftx pt`;
  return `${has} and fine-tuning needs "messages", "conversations" or "instruction" and "output"; ` +
    "rename them or describe them in dataset_info.json";
}

/** ShareGPT's or OpenAI's names, by the first message. */
function tagsOf(value: unknown): Tags {
  const list = typeof value === "string" ? value : JSON.stringify(value ?? "");
  return /"from"\s*:/.test(list) && !/"role"\s*:/.test(list) ? SHAREGPT_TAGS : OPENAI_TAGS;
}

function need(info: DatasetInfo, first: Record<string, unknown>, column: string, key: string): void {
  if (column in first) return;
  const has = Object.keys(first).map((name) => `"${name}"`).join(", ");
  throw new DataError(
    `Cannot use dataset "${info.name}": it has no column "${column}" but ${has}; ` +
      `set columns.${key} of its entry in dataset_info.json`,
  );
}

function alpaca(columns: Columns, use: Use): Format {
  return { name: "alpaca", read: (row) => use === "pt" ? readAlpacaText(row, columns) : readAlpaca(row, columns) };
}

function chat(info: DatasetInfo, column: string, columns: Columns, tags: Tags, use: Use): Format {
  if (use === "pt") {
    throw new DataError(`Cannot use dataset "${info.name}" for pt: it holds conversations; use ftx sft, or plain text`);
  }
  const name = tags.role_tag === "role" ? "openai" : "sharegpt";
  return { name, read: (row) => readChat(row, column, columns, tags) };
}

function text(column: string): Format {
  return { name: "text", read: (row) => filledText(row[column], column) };
}
