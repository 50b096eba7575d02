// transformers renders the Jinja that ftx writes, and every other, as ftx does.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { chatTemplateOf } from "../../src/data/mod.ts";
import { type Probe, PROBES } from "../../src/data/encode/derive/probes.ts";
import { sameText } from "../../src/data/encode/derive/fit.ts";
import { jinjaMessages, ours, theirs } from "../../src/data/encode/derive/writers.ts";
import { readJinja } from "../../src/data/encode/jinja.ts";
import { deriveTemplate } from "../../src/data/encode/derive_template.ts";
import { Tokenizer } from "../../src/tokenizer/mod.ts";
import { TEMPLATES } from "../../templates/mod.ts";
import { STYLES } from "../support/chat_templates.ts";
import { asked, type Chat, CHATS, prompted, VARIANTS } from "../support/chats.ts";
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

Deno.test(`transformers renders chat templates as ftx does${live}`, { ignore }, async (t) => {
  const [own, derived] = [[...written(), await unthinking()], await followed()];
  const texts = await rendered([...own, ...derived]); // one process for all
  const hold = (items: Item[], from: number) =>
    items.forEach(({ name, text }, i) => assert.equal(texts[from + i].error ?? texts[from + i], text, name));
  await t.step("what ftx writes for a template gives what is learned and asked", () => hold(own, 0));
  await t.step("public models' chat templates give what the derived template writes", () => hold(derived, own.length));
});

/** What ftx's interpreter makes of every template: src/data/encode/to_jinja_test.ts holds that to what is learned and asked. */
function written(): Item[] {
  const items: Item[] = [];
  for (const [name, template] of Object.entries(VARIANTS)) {
    for (const lastOnly of template.reasoning ? [false, true] : [false]) {
      const source = chatTemplateOf(template, tokenizer, lastOnly);
      const write = readJinja(source);
      for (const [kind, chat] of Object.entries(CHATS)) {
        for (const prompt of [false, true]) {
          const given = prompt ? prompted(chat) : chat;
          const text = write(given.messages as any, { tools: given.tools, addGenerationPrompt: prompt });
          items.push({ name: `${name}: ${kind}${prompt ? ", as a prompt" : ""}`, source, chat: given, prompt, text });
        }
      }
    }
  }
  return items;
}

/** Who serves a model that thinks may ask it not to. */
async function unthinking(): Promise<Item> {
  const [chat, { qwen3 }] = [CHATS["several turns with white space"], TEMPLATES];
  const text = await asked(chat, { ...qwen3, enableThinking: false }, tokenizer);
  const more = { enable_thinking: false };
  const source = chatTemplateOf(qwen3, tokenizer);
  return { name: "enable_thinking=False", source, chat: prompted(chat), prompt: true, more, text };
}

/** Those whose contents are lists of parts, and those that slots cannot follow. */
const OTHERS = /^(idefics3|smolvlm|llava_next|gptoss|nemotron)/;

/** What the chat templates of public models and other styles write, and that derived templates write the same or say so. */
async function followed(): Promise<Item[]> {
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
  return items;
}

function every(probes: object): Probe[] {
  return Object.values(probes).flatMap((value) => Array.isArray(value) ? value : every(value));
}

async function rendered(items: Item[]): Promise<(string & { error?: string })[]> {
  const sources = [...new Set(items.map(({ source }) => source))];
  const place = new Map(sources.map((source, i) => [source, i]));
  const chats = items.map(({ source, chat, prompt, more }) => ({ source: place.get(source), ...chat, prompt, more }));
  const at = Deno.makeTempDirSync({ prefix: "ftx-interop-" });
  try {
    const [given, out] = [join(at, "chats.json"), join(at, "texts.json")];
    Deno.writeTextFileSync(given, JSON.stringify({ sources, chats }));
    await runProgram(python!, "render_chats.py", [folder, given, out]);
    return JSON.parse(Deno.readTextFileSync(out));
  } finally {
    Deno.removeSync(at, { recursive: true });
  }
}
