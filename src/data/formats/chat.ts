import type { Columns, Tags } from "../catalogue/entry.ts";
import { own } from "../../outside.ts";
import { listOf, RowError, textOf, toolsText } from "../sources/row.ts";
import { checkOrder, type Conversation, type Role } from "./conversation.ts";

type Values = Record<string, unknown>;

/** Separates the results of tools that were called together. */
const NEXT_RESULT = "\n</tool_response>\n<tool_response>\n";

/**
 * A list of messages, ShareGPT's or OpenAI's: perhaps a system message, then questions (or tool results) and answers (or
 * tool calls) in turn, ending with an answer. Tool results in a row become one message; reasoning in a field of its own is
 * put in front of its answer. Throws `RowError`.
 *
 * @param column the column that holds the list
 * @param tags the names of roles and fields
 */
export function readChat(row: Values, column: string, columns: Columns, tags: Tags): Conversation {
  const given = listOf(row[column], column);
  const roles = rolesOf(tags);
  let system = columns.system === undefined ? undefined : textOf(row[columns.system], columns.system);
  const messages: { role: Role; content: string }[] = [];
  for (const [i, value] of given.entries()) {
    if (typeof value !== "object" || value === null) throw new RowError(`message ${i + 1} is not an object`);
    const said = value as Values;
    const tag = own(said, tags.role_tag);
    if (tag === tags.system_tag) {
      if (i > 0) throw new RowError(`message ${i + 1} is a system message, which only the first may be`);
      system = contentOf(said, tags, i);
      continue;
    }
    const role = said.tool_calls && Array.isArray(said.tool_calls) ? "function" : roles.get(String(tag));
    if (role === undefined) {
      throw new RowError(`message ${i + 1} has the ${tags.role_tag} "${tag}", which is not known`);
    }
    const content = role === "function" && said.tool_calls ? callsOf(said, i) : contentOf(said, tags, i);
    const last = messages.at(-1);
    if (role === "observation" && last?.role === "observation") last.content += NEXT_RESULT + content;
    else messages.push({ role, content: reasoningOf(said) + content });
  }
  checkOrder(messages);
  return { system, tools: columns.tools === undefined ? undefined : toolsText(row[columns.tools]), messages };
}

function rolesOf(tags: Tags): Map<string, Role> {
  return new Map<string, Role>([
    [tags.user_tag, "user"],
    [tags.assistant_tag, "assistant"],
    [tags.observation_tag, "observation"],
    [tags.function_tag, "function"],
  ]);
}

/** The text of a message; OpenAI's text parts are joined. */
function contentOf(said: Values, tags: Tags, i: number): string {
  const value = own(said, tags.content_tag);
  const text = Array.isArray(value) ? value.map((part) => partText(part, i)).join("") : textOf(value, tags.content_tag);
  if (text.trim() === "") throw new RowError(`message ${i + 1} has no ${tags.content_tag}`);
  return text;
}

function partText(part: any, i: number): string {
  if (part?.type === "text" && typeof part.text === "string") return part.text;
  throw new RowError(`message ${i + 1} has a part of type "${part?.type}", and only text can be learned`);
}

function callsOf(said: Values, i: number): string {
  const calls = (said.tool_calls as any[]).map((call) => call?.function ?? call);
  if (calls.some((call) => typeof call?.name !== "string")) {
    throw new RowError(`message ${i + 1} has a tool call without a name`);
  }
  return JSON.stringify(calls);
}

function reasoningOf(said: Values): string {
  const thought = said.reasoning_content;
  return typeof thought === "string" && thought.trim() !== "" ? `<think>\n${thought.trim()}\n</think>\n\n` : "";
}
