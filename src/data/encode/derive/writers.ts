import type { Template } from "../../../../templates/mod.ts";
import type { Tokenizer } from "../../../tokenizer/mod.ts";
import type { Conversation, Message } from "../../formats/conversation.ts";
import { type JinjaMessage, readJinja } from "../jinja.ts";
import { render } from "../render.ts";

/** What of a tokenizer decides how a chat template is followed. */
export type Marks = Pick<Tokenizer, "bos" | "eos" | "specialTexts">;

/** The text of a conversation: whole, or up to the header of the next answer. */
export type Write = (conversation: Conversation, prompt?: boolean, day?: string) => string;

/** As a Jinja chat template writes. It and what it returns throw as `readJinja` does. */
export function theirs(source: string, { bos, eos }: Marks): Write {
  const render = readJinja(source);
  return (conversation, prompt = false, day) =>
    render(jinjaMessages(conversation), {
      addGenerationPrompt: prompt,
      tools: conversation.tools === undefined ? undefined : JSON.parse(conversation.tools),
      bos: bos?.text,
      eos: eos?.text,
      day,
    });
}

export function jinjaMessages({ system, messages }: Conversation): JinjaMessage[] {
  return [
    ...(system === undefined ? [] : [{ role: "system", content: system }]),
    ...messages.flatMap(jinjaMessage),
  ];
}

function jinjaMessage({ role, content, calls, moreResults = [] }: Message): JinjaMessage[] {
  if (role === "observation") return [content, ...moreResults].map((text) => ({ role: "tool", content: text }));
  if (calls === undefined) return [{ role, content }];
  const wrapped = JSON.parse(calls).map((call: unknown) => ({ type: "function", function: call }));
  return [{ role: "assistant", content, tool_calls: wrapped }];
}

/** As ftx writes with a template: earlier answers without their reasoning, as in chat and with `mask_history`. */
export function ours(template: Template, marks: Marks): Write {
  // Ids of its own, so that it needs no vocabulary.
  const [bos, eos] = [marks.bos, marks.eos].map((token, id) => token && { id, text: token.text });
  const texts = [bos?.text ?? "", eos?.text ?? ""];
  const tokenizer = { bos, eos, idOf: () => undefined, specialTexts: [] };
  return (conversation) =>
    render(template, tokenizer, conversation, { lastOnly: true }).flatMap((turn) => [
      ...turn.source,
      ...turn.answer,
    ]).map((part) => typeof part === "number" ? texts[part] : part).join("");
}
