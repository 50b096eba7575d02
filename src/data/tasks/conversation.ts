import { RecipeError } from "../../errors.ts";
import type { DatasetInfo } from "../catalogue/info.ts";
import { type ConversationOptions, encodeConversations } from "../encode/conversation.ts";
import { readAlpaca } from "../formats/alpaca.ts";
import { readChat } from "../formats/chat.ts";
import { alpacaColumns, columnOf, find, LISTS, need } from "../formats/columns.ts";
import type { Conversation } from "../formats/conversation.ts";
import { detectConversation } from "../formats/detect.ts";
import type { Format, Task } from "./task.ts";

/** Conversations, written with the template, of which the answers are learned. */
export const conversation: Task<Conversation, ConversationOptions> = {
  name: "conversation",
  usesTemplate: true,
  packing: "rows",
  format: (info, first, note) =>
    info.formatting === "detect" ? detectConversation(info, first, note) : declared(info, first),
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
  if (formatting === "alpaca") {
    const named = alpacaColumns(info, first, ["prompt", "response"]);
    return (row) => readAlpaca(row, named);
  }
  const namesNone = Object.keys(columns).length === 0;
  const column = namesNone ? find(LISTS, first) ?? "messages" : columnOf(info, columns, "messages");
  need(info, first, column, "messages");
  return (row) => readChat(row, column, columns, tags);
}
