import { DataError } from "../../errors.ts";
import { NO_PREFERENCES, OPENAI_TAGS, SHAREGPT_TAGS, type Tags } from "../catalogue/entry.ts";
import type { DatasetInfo } from "../catalogue/info.ts";
import { isEmpty, listOf } from "../sources/row.ts";
import { readAlpaca } from "./alpaca.ts";
import { readChat } from "./chat.ts";
import { columnsIn, find, LISTS, PROMPTS, QUERIES, RESPONSES, TEXTS } from "./columns.ts";
import type { Conversation } from "./conversation.ts";

type Values = Record<string, unknown>;

/**
 * How the rows of files that no entry describes are read, by the columns of the first row: lists of messages, questions and
 * answers, or TRL's prompts and completions. Throws `DataError` where there is nothing to learn answers from.
 *
 * @param note hears about a column that has a meaning elsewhere and is not used
 */
export function detectConversation(
  info: DatasetInfo,
  first: Values,
  note?: (sentence: string) => void,
): (row: Values) => Conversation {
  if (isJudged(first)) throw refused(info, first, `which say what is a good and a bad answer, ${NO_PREFERENCES}`);
  if (!isEmpty(first.chat_template_kwargs)) {
    note?.(
      'its column "chat_template_kwargs" is not used: one template with one setting of enable_thinking writes all rows',
    );
  }
  const tools = "functions" in first && !("tools" in first) ? "functions" : "tools";
  const columns = { system: "system", history: "history", tools }; // also where only later rows have them
  const list = find(LISTS, first);
  if (list !== undefined) {
    const tags = tagsOf(first[list]);
    return (row) => readChat(row, list, columns, tags);
  }
  const [prompt, response] = [find(PROMPTS, first), find(RESPONSES, first)];
  if (prompt === undefined || response === undefined) throw refused(info, first, whyNot(first));
  if (Array.isArray(first[prompt])) {
    return (row) => readChat({ ...row, [prompt]: joined(row, prompt, response) }, prompt, columns, OPENAI_TAGS);
  }
  return (row) => readAlpaca(row, { ...columns, prompt, response, query: find(QUERIES, first) ?? QUERIES[0] });
}

/** TRL's rows of two lists of messages: answers in the prompt are read and not learned. */
function joined(row: Values, prompt: string, completion: string): unknown[] {
  const answer = row[completion];
  const before = listOf(row[prompt], prompt).map((said: any) =>
    said?.role === "assistant" ? { ...said, weight: said.weight ?? 0 } : said
  );
  return [...before, ...Array.isArray(answer) ? answer : [{ role: "assistant", content: answer }]];
}

/** ShareGPT's or OpenAI's names, by the first message. */
function tagsOf(value: unknown): Tags {
  const list = typeof value === "string" ? value : JSON.stringify(value ?? "");
  return /"from"\s*:/.test(list) && !/"role"\s*:/.test(list) ? SHAREGPT_TAGS : OPENAI_TAGS;
}

/** Rows that KTO learns from: an answer and whether it is good. */
function isJudged(row: Values): boolean {
  return typeof row.label === "boolean" || typeof row.kto_tag === "boolean";
}

function whyNot(first: Values): string {
  if ("chosen" in first && "rejected" in first) return `which hold preferences, ${NO_PREFERENCES}`;
  if (find(TEXTS, first) !== undefined) return "and there are no answers; use ftx pt";
  return 'but it needs "messages", "conversations", or "instruction" and "output"; rename them or describe them in ' +
    "dataset_info.json";
}

function refused(info: DatasetInfo, first: Values, why: string): DataError {
  return new DataError(`Cannot use dataset "${info.name}" for sft: ${columnsIn(first)}, ${why}`);
}
