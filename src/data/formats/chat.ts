import { quoted } from "../../errors.ts";
import { own } from "../../outside.ts";
import type { Columns, Tags } from "../catalogue/entry.ts";
import { listOf, RowError, textOf, toolsText } from "../sources/row.ts";
import { checkOrder, type Conversation, type Message, type Role } from "./conversation.ts";
import { refuseMediaIn } from "./media.ts";
import { callsOf, callsText, contentOf, markOf, reasoningOf, resultOf } from "./message.ts";

type Values = Record<string, unknown>;

/** Names of roles that mean one thing only, wherever they appear: OpenAI's newer and older ones. */
const ALIASES: readonly (readonly [string, Role | "system"])[] = [
  ["developer", "system"],
  ["tool", "observation"],
  ["function", "observation"],
];

/**
 * A list of messages, ShareGPT's or OpenAI's: perhaps a system message, then questions (or tool results) and answers (or
 * tool calls) in turn, ending with an answer. Tool results in a row become one message; reasoning in a field of its own is
 * put in front of its answer. Throws `RowError`.
 *
 * @param column the column that holds the list
 * @param tags the names of roles and fields
 */
export function readChat(row: Values, column: string, columns: Columns, tags: Tags): Conversation {
  const { system, ...read } = readMessages(listOf(row[column], column), tags);
  return {
    ...read,
    system: system ?? (columns.system === undefined ? undefined : textOf(row[columns.system], columns.system)),
    tools: columns.tools === undefined ? undefined : toolsText(row[columns.tools]),
  };
}

/** What `readChat` reads, but for the columns beside the list. */
function readMessages(list: readonly unknown[], tags: Tags): Omit<Conversation, "tools"> {
  const roles = new Map<string, Role | "system">([
    ...ALIASES,
    [tags.user_tag, "user"],
    [tags.assistant_tag, "assistant"],
    [tags.observation_tag, "observation"],
    [tags.function_tag, "function"],
    [tags.system_tag, "system"],
  ]);
  let system: string | undefined, systemLearned: boolean | undefined;
  const messages: (Message & { readonly number: number })[] = [];
  list.forEach((value, i) => {
    const place = `message ${i + 1}`;
    if (typeof value !== "object" || value === null) throw new RowError(`${place} is not an object`);
    const said = value as Values;
    refuseMediaIn(said, place);
    const role = roleOf(said, tags, roles, place);
    const learned = markOf(said, place);
    if (role === "system") {
      if (i > 0) throw new RowError(`${place} is a system message, which only the first may be`);
      system = isBlank(own(said, tags.content_tag)) ? "" : contentOf(said, tags.content_tag, place);
      systemLearned = learned;
      return;
    }
    const message = { ...readMessage(said, role, tags, place), ...(learned !== undefined && { learned }) };
    const last = messages.at(-1);
    if (message.role !== "observation" || last?.role !== "observation") {
      return messages.push({ ...message, number: i + 1 });
    }
    messages[messages.length - 1] = { ...last, moreResults: [...last.moreResults ?? [], message.content] };
  });
  checkOrder(messages);
  return { system, systemLearned, messages: messages.map(({ number: _, ...message }) => message) };
}

function roleOf(said: Values, tags: Tags, roles: ReadonlyMap<string, Role | "system">, place: string): Role | "system" {
  const tag = own(said, tags.role_tag);
  const role = roles.get(String(tag));
  if (role !== undefined) return role;
  if (tag === null || tag === undefined) {
    throw new RowError(`${place} has no ${tags.role_tag}; its keys are ${Object.keys(said).slice(0, 6).join(", ")}`);
  }
  const { system_tag, user_tag, assistant_tag, observation_tag, function_tag } = tags;
  const known = [system_tag, user_tag, assistant_tag, observation_tag, function_tag].join(", ");
  throw new RowError(`${place} has the ${tags.role_tag} ${quoted(String(tag))}, which is none of ${known}`);
}

function readMessage(said: Values, role: Role, { content_tag: key }: Tags, place: string): Message {
  const calls = callsOf(said, place);
  const value = own(said, key);
  if (calls !== undefined) {
    if (role === "user" || role === "observation") {
      throw new RowError(`${place} calls tools, which only answers may do`);
    }
    const text = isBlank(value) ? "" : contentOf(said, key, place);
    return { role: "function", content: reasoningOf(said) + text, calls };
  }
  if (role === "observation") return { role, content: resultOf(said, key, place) };
  if (role === "function" && typeof value === "object" && value !== null) {
    return { role, content: reasoningOf(said), calls: callsText(Array.isArray(value) ? value : [value], place) };
  }
  return { role, content: reasoningOf(said) + contentOf(said, key, place) };
}

/** No text: `contentOf` would refuse it. */
function isBlank(value: unknown): boolean {
  return value === null || value === undefined || (typeof value === "string" && value.trim() === "") ||
    (Array.isArray(value) && value.length === 0);
}
