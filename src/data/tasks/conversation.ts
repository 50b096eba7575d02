import { DataError, RecipeError } from "../../errors.ts";
import { OPENAI_TAGS, SHAREGPT_TAGS, type Tags } from "../catalogue/entry.ts";
import type { DatasetInfo } from "../catalogue/info.ts";
import { type ConversationOptions, encodeConversations } from "../encode/conversation.ts";
import { readAlpaca } from "../formats/alpaca.ts";
import { readChat } from "../formats/chat.ts";
import {
  ALPACA_COLUMNS,
  columnsIn,
  find,
  LISTS,
  need,
  PROMPTS,
  QUERIES,
  RESPONSES,
  TEXTS,
} from "../formats/columns.ts";
import type { Conversation } from "../formats/conversation.ts";
import type { Format, Task } from "./task.ts";

/** Conversations, written with the template, of which the answers are learned. */
export const conversation: Task<Conversation, ConversationOptions> = {
  name: "conversation",
  usesTemplate: true,
  packing: "rows",
  format: (info, first) => info.formatting === "detect" ? detected(info, first) : declared(info, first),
  options({ cutoffLen, trainOnPrompt, maskHistory, splitSpecialTokens }, template) {
    if (trainOnPrompt && template.efficientEos) {
      throw new RecipeError(
        `Cannot use train_on_prompt with template = "${template.name}": its questions begin with the mark that ends an ` +
          "answer, and one token cannot be both; leave train_on_prompt out",
      );
    }
    return { cutoffLen, trainOnPrompt, maskHistory, splitSpecialTokens };
  },
  async encode(conversations, options, { template, tokenizer }) {
    const encoded = await encodeConversations(conversations, template, tokenizer, options);
    return encoded.map((one) => "dropped" in one ? one : { documents: [one], cut: one.cut });
  },
};

function declared(info: DatasetInfo, first: Record<string, unknown>): Format<Conversation> {
  const { columns, tags, formatting } = info;
  if (formatting !== "alpaca") {
    const column = columns.messages ?? find(LISTS, first) ?? "messages";
    need(info, first, column, "messages");
    return (row) => readChat(row, column, columns, tags);
  }
  const { prompt, response } = { ...ALPACA_COLUMNS, ...columns };
  need(info, first, prompt, "prompt");
  need(info, first, response, "response");
  return (row) => readAlpaca(row, columns);
}

function detected(info: DatasetInfo, first: Record<string, unknown>): Format<Conversation> {
  const extra = Object.fromEntries(
    ["system", "tools", "history"].filter((key) => key in first).map((key) => [key, key]),
  );
  const list = find(LISTS, first);
  if (list !== undefined) {
    const tags = tagsOf(first[list]);
    return (row) => readChat(row, list, extra, tags);
  }
  const [prompt, response] = [find(PROMPTS, first), find(RESPONSES, first)];
  if (prompt !== undefined && response !== undefined) {
    const columns = { ...extra, prompt, response, query: find(QUERIES, first) ?? ALPACA_COLUMNS.query };
    return (row) => readAlpaca(row, columns);
  }
  throw new DataError(`Cannot use dataset "${info.name}" for sft: ${columnsIn(first)}, ${whyNot(first)}`);
}

/** ShareGPT's or OpenAI's names, by the first message. */
function tagsOf(value: unknown): Tags {
  const list = typeof value === "string" ? value : JSON.stringify(value ?? "");
  return /"from"\s*:/.test(list) && !/"role"\s*:/.test(list) ? SHAREGPT_TAGS : OPENAI_TAGS;
}

function whyNot(first: Record<string, unknown>): string {
  if ("chosen" in first && "rejected" in first) {
    return "which hold preferences, and this version of ftx cannot train on those; use another data set";
  }
  if (find(TEXTS, first) !== undefined) return "and there are no answers; use ftx pt";
  return 'but it needs "messages", "conversations", or "instruction" and "output"; rename them or describe them in ' +
    "dataset_info.json";
}
