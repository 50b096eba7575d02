// What transformers renders from the Jinja that ftx writes for a template is what ftx learns and asks with it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { chatTemplateOf } from "../../src/data/mod.ts";
import { Tokenizer } from "../../src/tokenizer/mod.ts";
import { TEMPLATES } from "../../templates/mod.ts";
import { asked, type Chat, CHATS, learned, prompted, VARIANTS } from "../support/chats.ts";
import { peerPython, runProgram } from "./peer.ts";

const python = peerPython("transformers", "torch");
const ignore = python === undefined;
const live = ignore ? " (skipped: no Python with transformers; set FTX_PEERS)" : "";

const folder = new URL("../fixtures/tokenizer", import.meta.url).pathname;

Deno.test(`transformers renders from every template what ftx learns and asks${live}`, { ignore }, async () => {
  const tokenizer = await Tokenizer.load(folder);
  const [sources, chats, expected, names]: [string[], unknown[], string[], string[]] = [[], [], [], []];
  for (const [name, template] of Object.entries(VARIANTS)) {
    for (const lastOnly of template.reasoning ? [false, true] : [false]) {
      sources.push(chatTemplateOf(template, tokenizer, lastOnly));
      for (const [kind, chat] of Object.entries(CHATS)) {
        const put = (chat: Chat, prompt: boolean, text: string) => {
          chats.push({ source: sources.length - 1, ...chat, prompt });
          expected.push(text);
          names.push(`${name}: ${kind}${prompt ? ", as a prompt" : ""}`);
        };
        put(chat, false, await learned(chat, template, tokenizer, lastOnly));
        put(prompted(chat), true, await asked(chat, template, tokenizer));
      }
    }
  }
  // Who serves a model that thinks may ask it not to.
  sources.push(chatTemplateOf(TEMPLATES.qwen3, tokenizer));
  const chat = prompted(CHATS["several turns with white space"]);
  chats.push({ source: sources.length - 1, ...chat, prompt: true, more: { enable_thinking: false } });
  expected.push(
    await asked(CHATS["several turns with white space"], { ...TEMPLATES.qwen3, enableThinking: false }, tokenizer),
  );
  names.push("qwen3 with enable_thinking=False");
  const place = Deno.makeTempDirSync({ prefix: "ftx-interop-" });
  try {
    const [given, out] = [join(place, "chats.json"), join(place, "texts.json")];
    Deno.writeTextFileSync(given, JSON.stringify({ sources, chats }));
    await runProgram(python!, "render_chats.py", [folder, given, out]);
    const texts = JSON.parse(Deno.readTextFileSync(out));
    assert.equal(texts.length, expected.length);
    expected.forEach((text, i) => assert.equal(texts[i]?.error ?? texts[i], text, names[i]));
  } finally {
    Deno.removeSync(place, { recursive: true });
  }
});
