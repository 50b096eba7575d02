// Templates against transformers' apply_chat_template: fixtures/templates.json, made by templates.py.
import assert from "node:assert/strict";
import { type Conversation, encodePrompt, type Message } from "../../src/data/mod.ts";
import { encodeTurns, joined } from "../../src/data/encode/turns.ts";
import { render, type RenderOptions } from "../../src/data/encode/render.ts";
import { Tokenizer } from "../../src/tokenizer/mod.ts";
import { type Template, TEMPLATES } from "../../templates/mod.ts";

const golden = JSON.parse(Deno.readTextFileSync(new URL("fixtures/templates.json", import.meta.url)));
const tokenizer = await Tokenizer.load(new URL("../fixtures/tokenizer", import.meta.url).pathname);

interface Rendering {
  whole: { text: string; ids: number[] };
  prompt: { text: string; ids: number[] };
  refused?: string;
}

/** The fixture's messages in our shape. */
function conversationOf(name: string): Conversation {
  const given = golden.conversations[name] as any[];
  const system = given[0].role === "system" ? given[0].content : undefined;
  const messages = given.filter((m) => m.role !== "system").map((m): Message => {
    if (m.tool_calls) return { role: "function", content: JSON.stringify(m.tool_calls.map((c: any) => c.function)) };
    return { role: m.role === "tool" ? "observation" : m.role, content: m.content };
  });
  return { system, messages, tools: name.includes("tools") ? JSON.stringify(golden.tools) : undefined };
}

const question = (c: Conversation): Conversation => ({ ...c, messages: c.messages.slice(0, -1) });

async function idsOf(template: Template, conversation: Conversation, options?: RenderOptions): Promise<number[]> {
  const [turns] = await encodeTurns(tokenizer, [render(template, tokenizer, conversation, options)]);
  return Array.from(joined(turns.flatMap(({ source, answer }) => [source, answer])));
}

/** Where a template deliberately differs from its family's Jinja, as a change to the Jinja's text. */
const DIFFERENCES: Record<string, { why: string; change: (text: string, system?: string) => string }> = {
  llama2: {
    why: "LLaMA-Factory writes no spaces around the answer; Llama 2's own tokenizer puts the first one there itself",
    change: (text) => text.replaceAll(/\[\/INST\] ([^]*?) <\|endoftext\|>/g, "[/INST]$1<|endoftext|>"),
  },
  mistral: {
    why: "Mistral's Jinja writes the system prompt into the last message if that is a question, else nowhere; " +
      "LLaMA-Factory writes it into the first question",
    change: (text, system) =>
      system === undefined ? text : text.replace(`${system}\n\n`, "").replace("[INST] ", `[INST] ${system}\n\n`),
  },
  phi3: {
    why: "Phi 3's Jinja adds <|endoftext|> behind a finished conversation, which no answer ever ends with",
    change: (text) => text.replace(/<\|endoftext\|>$/, ""),
  },
  zephyr: {
    why: "LLaMA-Factory has a default system prompt and no line break behind </s>",
    change: (text) =>
      (text.startsWith("<|system|>") ? "" : "<|system|>\nYou are Zephyr, a helpful assistant.<|endoftext|>") +
      text.replaceAll("<|endoftext|>\n", "<|endoftext|>"),
  },
};

const FAMILIES: Record<string, { template: Template; options?: RenderOptions }> = {
  llama2: { template: TEMPLATES.llama2 },
  llama3: { template: TEMPLATES.llama3 },
  mistral: { template: TEMPLATES.mistral },
  chatml: { template: TEMPLATES.chatml },
  qwen: { template: TEMPLATES.qwen },
  // Qwen 3's Jinja drops thoughts of earlier answers, which is what the last answer alone is trained with.
  qwen3: { template: TEMPLATES.qwen3, options: { lastOnly: true } },
  qwen3_nothink: { template: TEMPLATES.qwen3_nothink },
  gemma: { template: TEMPLATES.gemma },
  phi3: { template: TEMPLATES.phi3 },
  zephyr: { template: TEMPLATES.zephyr },
};

for (const [family, { template, options }] of Object.entries(FAMILIES)) {
  const { why, change } = DIFFERENCES[family] ?? { why: "", change: (text: string, _system?: string) => text };
  Deno.test(`template ${family} equals its Jinja${why && `, except that ${why}`}`, async () => {
    for (const [name, made] of Object.entries(golden.families[family] as Record<string, Rendering>)) {
      if (made.refused !== undefined) continue;
      const conversation = conversationOf(name);
      const whole = await idsOf(template, conversation, options);
      assert.equal(await tokenizer.decode(whole), change(made.whole.text, conversation.system), name);
      const prompt = await encodePrompt(template, tokenizer, question(conversation));
      assert.equal(await tokenizer.decode(prompt), change(made.prompt.text, conversation.system), name);
      if (why !== "") continue;
      assert.deepEqual(whole, made.whole.ids, name);
      assert.deepEqual(prompt, made.prompt.ids, name);
    }
  });
}

Deno.test("qwen3 without thinking asks with an empty thought, as its Jinja with enable_thinking=False", async () => {
  const template = { ...TEMPLATES.qwen3, enableThinking: false };
  for (const [name, made] of Object.entries(golden["without thinking"] as Record<string, Rendering>)) {
    assert.deepEqual(await encodePrompt(template, tokenizer, question(conversationOf(name))), made.prompt.ids);
    assert.deepEqual(await idsOf(template, conversationOf(name), { lastOnly: true }), made.whole.ids);
  }
});

Deno.test("qwen and qwen3 write tools, calls and results as their Jinja", async () => {
  for (
    const [family, conversations] of Object.entries(golden["tool calls"] as Record<string, Record<string, Rendering>>)
  ) {
    for (const [name, made] of Object.entries(conversations)) {
      const ids = await idsOf(TEMPLATES[family], conversationOf(name), { lastOnly: true });
      assert.equal(await tokenizer.decode(ids), made.whole.text, `${family}, ${name}`);
    }
  }
});
