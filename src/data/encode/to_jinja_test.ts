import assert from "node:assert/strict";
import { asked, type Chat, CHATS, learned, prompted, VARIANTS } from "../../../tests/support/chats.ts";
import type { Template } from "../../../templates/mod.ts";
import { Tokenizer } from "../../tokenizer/mod.ts";
import { chatTemplateOf, renderJinja } from "./jinja.ts";

const tokenizer = await Tokenizer.load(new URL("../../../tests/fixtures/tokenizer", import.meta.url).pathname);

async function check(name: string, template: Template, chat: Chat, lastOnly: boolean): Promise<void> {
  const source = chatTemplateOf(template, tokenizer, lastOnly);
  const write = ({ messages, tools }: Chat, addGenerationPrompt: boolean) =>
    renderJinja(source, messages as any, { tools, addGenerationPrompt });
  assert.equal(write(chat, false), await learned(chat, template, tokenizer, lastOnly), name);
  assert.equal(write(prompted(chat), true), await asked(chat, template, tokenizer), `${name}, as a prompt`);
}

for (const [name, template] of Object.entries(VARIANTS)) {
  Deno.test(`toJinja() renders what is learned and asked: ${name}`, async () => {
    for (const [kind, chat] of Object.entries(CHATS)) {
      await check(kind, template, chat, false);
      await check(`${kind}, the last answer alone`, template, chat, true);
    }
  });
}
