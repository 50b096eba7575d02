// How conversations are encoded, as text.
import { TEMPLATES } from "../../templates/mod.ts";
import { type ConversationOptions, encodeConversations } from "../../src/data/encode/conversation.ts";
import type { Conversation } from "../../src/data/mod.ts";
import { Tokenizer } from "../../src/tokenizer/mod.ts";

/** The fixtures' tokenizer, whose EOS is that of ChatML. */
export const tokenizer = await Tokenizer.load(new URL("../fixtures/tokenizer", import.meta.url).pathname);
tokenizer.eos = tokenizer.special("<|im_end|>");

export const { chatml } = TEMPLATES;

/** A question, an answer, a question … */
export const talk = (...contents: string[]): Conversation => ({
  messages: contents.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content })),
});

/** A question in ChatML, with the header of its answer. */
export const user = (text: string) => `<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`;

/** An example as text: what is learned stands in ⟦ ⟧. */
export async function shown(
  conversation: Conversation,
  options: Partial<ConversationOptions> = {},
  used = chatml,
): Promise<string> {
  const [example] = await encodeConversations([conversation], used, tokenizer, { cutoffLen: 500, ...options });
  if ("dropped" in example) return `dropped: ${example.dropped}`;
  let text = "";
  for (let i = 0, end = 0; i < example.ids.length; i = end) {
    const learned = example.labels[i] !== -100;
    while (end < example.ids.length && (example.labels[end] !== -100) === learned) end++;
    const piece = await tokenizer.decode(
      example.labels[i] === -100 ? example.ids.subarray(i, end) : example.labels.subarray(i, end),
    );
    text += learned ? `⟦${piece}⟧` : piece;
  }
  return text;
}

/** Tokens of a conversation in ChatML. */
export async function lengthOf(conversation: Conversation): Promise<number> {
  const [example] = await encodeConversations([conversation], chatml, tokenizer, { cutoffLen: 9999 });
  return "ids" in example ? example.ids.length : 0;
}
