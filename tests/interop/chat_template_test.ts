// transformers renders the Jinja that ftx writes, and every other, as ftx does.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chatTemplateOf } from "../../src/data/mod.ts";
import { type Probe, PROBES } from "../../src/data/encode/derive/probes.ts";
import { sameText } from "../../src/data/encode/derive/fit.ts";
import { jinjaMessages, ours, theirs } from "../../src/data/encode/derive/writers.ts";
import { deriveTemplate } from "../../src/data/encode/derive_template.ts";
import { Tokenizer } from "../../src/tokenizer/mod.ts";
import { TEMPLATES } from "../../templates/mod.ts";
import { STYLES } from "../support/chat_templates.ts";
import { asked, type Chat, CHATS, learned, prompted, VARIANTS } from "../support/chats.ts";
import { peerPython, runPeer, runProgram } from "./peer.ts";

const python = peerPython("transformers", "torch", "trl");
const ignore = python === undefined;
const live = ignore ? " (skipped: no Python with transformers and trl; set FTX_PEERS)" : "";

const folder = new URL("../fixtures/tokenizer", import.meta.url).pathname;
const tokenizer = await Tokenizer.load(folder);

/** What transformers is to render, and what ftx writes. */
interface Item {
  readonly name: string;
  readonly source: string;
  readonly chat: Chat;
  readonly prompt: boolean;
  readonly more?: Record<string, unknown>;
  readonly text: string;
}

Deno.test(`transformers renders from every template what ftx learns and asks${live}`, { ignore }, async () => {
  const items: Item[] = [];
  for (const [name, template] of Object.entries(VARIANTS)) {
    for (const lastOnly of template.reasoning ? [false, true] : [false]) {
      const source = chatTemplateOf(template, tokenizer, lastOnly);
      for (const [kind, chat] of Object.entries(CHATS)) {
        const whole = await learned(chat, template, tokenizer, lastOnly);
        items.push({ name: `${name}: ${kind}`, source, chat, prompt: false, text: whole });
        const text = await asked(chat, template, tokenizer);
        items.push({ name: `${name}: ${kind}, as a prompt`, source, chat: prompted(chat), prompt: true, text });
      }
    }
  }
  const chat = CHATS["several turns with white space"];
  items.push({
    name: "who serves a model that thinks may ask it not to",
    source: chatTemplateOf(TEMPLATES.qwen3, tokenizer),
    chat: prompted(chat),
    prompt: true,
    more: { enable_thinking: false },
    text: await asked(chat, { ...TEMPLATES.qwen3, enableThinking: false }, tokenizer),
  });
  await compare(items);
});

/** Those whose contents are lists of parts, and those that slots cannot follow. */
const OTHERS = /^(idefics3|smolvlm|llava_next|gptoss|nemotron)/;

Deno.test(`a template derived from a public model's writes what transformers writes${live}`, { ignore }, async () => {
  const at = join((await runPeer(python!, "import trl; print(trl.__path__[0])")).trim(), "chat_templates");
  const names = readdirSync(at).filter((name) => /\.jinja$/.test(name) && !/training|_v\d/.test(name));
  const known = names.filter((name) => !OTHERS.test(name)).map((name) => [name, readFileSync(join(at, name), "utf8")]);
  const styles = Object.entries(STYLES).map(([name, { source }]) => [name, source]);
  const items: Item[] = [];
  for (const [name, source] of [...known, ...styles]) {
    if (source.includes("strftime_now")) continue; // transformers writes today
    const notes: string[] = [];
    const template = deriveTemplate(source, tokenizer, (note) => notes.push(note));
    const [write, own] = [theirs(source, tokenizer), ours(template, tokenizer)];
    for (const probe of every(PROBES)) {
      const { conversation: { tools, ...conversation }, prompt } = probe;
      if (tools !== undefined && template.toolFormat === null) continue;
      const same = sameText(write, own, probe, tokenizer);
      if (same === undefined) continue; // it takes no such conversation
      assert.ok(
        same || notes.length > 0,
        `${name} writes ${JSON.stringify(probe)} in another way, and no note says so`,
      );
      const chat = { messages: jinjaMessages(conversation) as any, tools: tools && JSON.parse(tools) };
      items.push({
        name: `${name}: ${JSON.stringify(chat)}`,
        source,
        chat,
        prompt,
        text: write(probe.conversation, prompt),
      });
    }
  }
  await compare(items);
});

function every(probes: object): Probe[] {
  return Object.values(probes).flatMap((value) => Array.isArray(value) ? value : every(value));
}

async function compare(items: Item[]): Promise<void> {
  const sources = [...new Set(items.map(({ source }) => source))];
  const place = new Map(sources.map((source, i) => [source, i]));
  const chats = items.map(({ source, chat, prompt, more }) => ({ source: place.get(source), ...chat, prompt, more }));
  const at = Deno.makeTempDirSync({ prefix: "ftx-interop-" });
  try {
    const [given, out] = [join(at, "chats.json"), join(at, "texts.json")];
    Deno.writeTextFileSync(given, JSON.stringify({ sources, chats }));
    await runProgram(python!, "render_chats.py", [folder, given, out]);
    const texts = JSON.parse(Deno.readTextFileSync(out));
    assert.equal(texts.length, items.length);
    items.forEach(({ name, text }, i) => assert.equal(texts[i]?.error ?? texts[i], text, name));
  } finally {
    Deno.removeSync(at, { recursive: true });
  }
}
