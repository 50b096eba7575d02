import assert from "node:assert/strict";
import { CONTENT, template, TEMPLATES } from "../../../templates/mod.ts";
import { Tokenizer } from "../../tokenizer/mod.ts";
import type { Conversation } from "../formats/conversation.ts";
import { type ConversationOptions, encodeConversations } from "./conversation.ts";

const tokenizer = await Tokenizer.load(new URL("../../../tests/fixtures/tokenizer", import.meta.url).pathname);
const chatml = TEMPLATES.chatml;
tokenizer.eos = tokenizer.special("<|im_end|>");

const talk = (...contents: string[]): Conversation => ({
  messages: contents.map((content, i) => ({ role: i % 2 === 0 ? "user" : "assistant", content })),
});

/** An example as text: what is learned stands in ⟦ ⟧. */
async function shown(
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

async function length(conversation: Conversation): Promise<number> {
  const [example] = await encodeConversations([conversation], chatml, tokenizer, { cutoffLen: 9999 });
  return "ids" in example ? example.ids.length : 0;
}

const user = (text: string) => `<|im_start|>user\n${text}<|im_end|>\n<|im_start|>assistant\n`;

Deno.test("encodeConversations() learns answers and their ends", async () => {
  assert.equal(await shown(talk("a", "b", "c", "d")), `${user("a")}⟦b<|im_end|>\n⟧${user("c")}⟦d<|im_end|>\n⟧`);
});

Deno.test("encodeConversations() learns everything with trainOnPrompt, the last answer only with maskHistory", async () => {
  assert.equal(await shown(talk("a", "b"), { trainOnPrompt: true }), `⟦${user("a")}b<|im_end|>\n⟧`);
  assert.equal(
    await shown(talk("a", "b", "c", "d"), { maskHistory: true }),
    `${user("a")}b<|im_end|>\n${user("c")}⟦d<|im_end|>\n⟧`,
  );
});

const efficient = template({ name: "e", user: [`Q: ${CONTENT}\nA: `], assistant: [CONTENT], efficientEos: true });

Deno.test("encodeConversations() learns EOS at the next header and at the end with efficientEos", async () => {
  const [example] = await encodeConversations([talk("a", "b", "c", "d")], efficient, tokenizer, { cutoffLen: 500 });
  assert.ok("ids" in example);
  const eos = tokenizer.eos!.id;
  assert.equal(await tokenizer.decode(example.ids), "Q: a\nA: bQ: c\nA: d<|im_end|>");
  const at = example.labels.indexOf(eos);
  assert.deepEqual([example.labels.filter((label) => label === eos).length, example.labels.at(-1)], [2, eos]);
  assert.equal(await tokenizer.decode(example.ids.subarray(at)), "Q: c\nA: d<|im_end|>");
});

Deno.test("encodeConversations() learns no EOS of the history with efficientEos and maskHistory", async () => {
  assert.equal(
    await shown(talk("a", "b", "c", "d"), { maskHistory: true }, efficient),
    "Q: a\nA: bQ: c\nA: ⟦d<|im_end|>⟧",
  );
});

Deno.test("encodeConversations() leaves turns out from the end when they do not fit", async () => {
  const conversation = talk("a", "b", "c", "d");
  const first = await length(talk("a", "b"));
  assert.equal(await shown(conversation, { cutoffLen: first }), `${user("a")}⟦b<|im_end|>\n⟧`);
  const edge = (await length(conversation)) - 2;
  assert.equal(await shown(conversation, { cutoffLen: edge }), `${user("a")}⟦b<|im_end|>\n⟧${user("c")}⟦d⟧`);
});

Deno.test("encodeConversations() leaves turns out from the start with maskHistory, but not the system prompt", async () => {
  const conversation = { ...talk("a", "b", "c", "d"), system: "s" };
  const last = await length({ ...talk("c", "d"), system: "s" });
  assert.equal(
    await shown(conversation, { cutoffLen: last + 3, maskHistory: true }),
    `<|im_start|>system\ns<|im_end|>\n${user("c")}⟦d<|im_end|>\n⟧`,
  );
});

Deno.test("encodeConversations() shortens a long question in the middle: its end and the answer's header stay", async () => {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789".split("").join(" ");
  const text = await shown({ ...talk(letters, "yes"), system: "s" }, { cutoffLen: 40 });
  assert.match(text, /^<\|im_start\|>system\ns<\|im_end\|>\n<\|im_start\|>user\n/);
  assert.match(text, / 7 8 9<\|im_end\|>\n<\|im_start\|>assistant\n⟦yes<\|im_end\|>\n⟧$/);
});

Deno.test("encodeConversations() gives a long answer what the question leaves, and learns no end that is not there", async () => {
  const letters = "abcdefghijklmnopqrstuvwxyz0123456789".split("").join(" ");
  const text = await shown(talk("a", letters), { cutoffLen: 30 });
  assert.match(text, /^<\|im_start\|>user\na<\|im_end\|>\n<\|im_start\|>assistant\n⟦a b c [^<]*⟧$/);
  const both = await shown(talk(letters, letters), { cutoffLen: 40 });
  assert.match(both, / 8 9<\|im_end\|>\n<\|im_start\|>assistant\n⟦a b c [^<]*⟧$/);
});

Deno.test("encodeConversations() never gives more than cutoffLen tokens, and always something to learn or a reason", async () => {
  const words = "How do I list all images? ".repeat(9);
  const conversations = [
    talk("a", words),
    talk(words, "a"),
    talk(words, words),
    talk("a", "b", words, words, "c", "d"),
  ];
  for (const used of [chatml, efficient, TEMPLATES.llama2]) {
    for (const maskHistory of [false, true]) {
      for (let cutoffLen = 1; cutoffLen < 120; cutoffLen++) {
        for (const example of await encodeConversations(conversations, used, tokenizer, { cutoffLen, maskHistory })) {
          if ("dropped" in example) assert.match(example.dropped, /^cutoff_len/);
          else {
            assert.ok(example.ids.length <= cutoffLen);
            assert.ok(example.labels.some((label, i) => i > 0 && label !== -100));
          }
        }
      }
    }
  }
});

Deno.test("encodeConversations() drops what cutoff_len has no room for", async () => {
  assert.equal(
    await shown(talk("a b c", "d"), { cutoffLen: 4 }),
    "dropped: cutoff_len has no room for its question and answer",
  );
});

Deno.test("encodeConversations() says why tools cannot be read", async () => {
  assert.equal(await shown({ ...talk("a", "b"), tools: "nope" }), "dropped: its tools is not JSON");
  assert.equal(await shown({ ...talk("a", "b"), tools: '[{"x": 1}]' }), 'dropped: a tool in "tools" has no "name"');
});

Deno.test("encodeConversations() keeps special tokens of the data as text with splitSpecialTokens", async () => {
  const conversation = talk("say <|im_end|>", "b");
  const [plain] = await encodeConversations([conversation], chatml, tokenizer, { cutoffLen: 99 });
  const [split] = await encodeConversations([conversation], chatml, tokenizer, {
    cutoffLen: 99,
    splitSpecialTokens: true,
  });
  assert.ok("ids" in plain && "ids" in split);
  const ends = (ids: Int32Array) => ids.filter((id) => id === tokenizer.eos!.id).length;
  assert.deepEqual([ends(plain.ids), ends(split.ids)], [3, 2]);
  assert.equal(await tokenizer.decode(split.ids), await tokenizer.decode(plain.ids));
});

Deno.test("encodeConversations() treats reasoning as enableThinking says", async () => {
  const think = (enableThinking: boolean | null) => ({ ...TEMPLATES.qwen3, enableThinking });
  const empty = "<think>\n\n</think>\n\n";
  assert.equal(await shown(talk("a", "b"), {}, think(true)), `${user("a")}⟦${empty}b<|im_end|>\n⟧`);
  assert.equal(await shown(talk("a", "b"), {}, think(false)), `${user("a")}${empty}⟦b<|im_end|>\n⟧`);
  assert.equal(await shown(talk("a", "b"), {}, think(null)), `${user("a")}${empty}⟦b<|im_end|>\n⟧`);
  const thought = "<think>\nhm\n</think>\n\n";
  assert.equal(await shown(talk("a", thought + "b"), {}, think(true)), `${user("a")}⟦${thought}b<|im_end|>\n⟧`);
  assert.equal(await shown(talk("a", thought + "b"), {}, think(false)), `${user("a")}${empty}⟦b<|im_end|>\n⟧`);
  assert.equal(await shown(talk("a", thought + "b"), {}, think(null)), `${user("a")}⟦${thought}b<|im_end|>\n⟧`);
});

Deno.test("encodeConversations() drops earlier reasoning with maskHistory, unless preserveThinking", async () => {
  const thought = "<think>\nhm\n</think>\n\n";
  const conversation = talk("a", thought + "b", "c", thought + "d");
  const kept = { ...TEMPLATES.qwen3, preserveThinking: true };
  const end = `${user("c")}⟦${thought}d<|im_end|>\n⟧`;
  assert.equal(await shown(conversation, { maskHistory: true }, TEMPLATES.qwen3), `${user("a")}b<|im_end|>\n${end}`);
  assert.equal(await shown(conversation, { maskHistory: true }, kept), `${user("a")}${thought}b<|im_end|>\n${end}`);
});

Deno.test("encodeConversations() writes tool calls once, even where arguments are JSON text", async () => {
  const call = (args: unknown): Conversation => ({
    messages: [{ role: "user", content: "a" }, {
      role: "function",
      content: JSON.stringify({ name: "f", arguments: args }),
    }],
  });
  const written = `${user("a")}⟦<tool_call>\n{"name": "f", "arguments": {"x": 1}}\n</tool_call><|im_end|>\n⟧`;
  assert.equal(
    await shown(call({ x: 1 }), {}, TEMPLATES.qwen),
    `<|im_start|>system\n${TEMPLATES.qwen.defaultSystem}<|im_end|>\n${written}`,
  );
  assert.equal(
    await shown(call('{"x": 1}'), {}, TEMPLATES.qwen),
    `<|im_start|>system\n${TEMPLATES.qwen.defaultSystem}<|im_end|>\n${written}`,
  );
});

Deno.test("encodeConversations() writes what is said beside calls in front of them, with the format's own space", async () => {
  const calling = (content: string): Conversation => ({
    messages: [{ role: "user", content: "a" }, { role: "function", content, calls: '[{"name": "f"}]' }],
  });
  const call = '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call><|im_end|>\n⟧';
  const { qwen3_nothink: qwen, qwen3, mistral } = TEMPLATES;
  assert.equal(await shown(calling("I look."), {}, qwen), `${user("a")}⟦I look.\n${call}`);
  assert.equal(await shown(calling(""), {}, qwen), `${user("a")}⟦${call}`);
  const thought = "<think>\nhm\n</think>\n\n";
  assert.equal(await shown(calling(thought), {}, qwen3), `${user("a")}⟦${thought}${call}`);
  assert.equal(await shown(calling(`${thought}I look.`), {}, qwen3), `${user("a")}⟦${thought}I look.\n${call}`);
  const end = '[TOOL_CALLS] [{"name": "f", "arguments": {}}]<|im_end|>⟧';
  assert.equal(await shown(calling("I look."), {}, mistral), `<|begin_of_text|>[INST] a[/INST]⟦ I look.${end}`);
  assert.equal(await shown(calling(""), {}, mistral), `<|begin_of_text|>[INST] a[/INST]⟦${end}`);
});

Deno.test("encodeConversations() joins results of tools that were called together as the template does", async () => {
  const results = { role: "observation" as const, content: "1", moreResults: ["2", "3"] };
  const conversation: Conversation = { messages: [results, { role: "assistant", content: "b" }] };
  const turn = (role: string, text: string) => `<|start_header_id|>${role}<|end_header_id|>\n\n${text}<|eot_id|>`;
  const read = ["1", "2", "3"].map((text) => turn("ipython", text)).join("");
  assert.equal(
    await shown(conversation, {}, TEMPLATES.llama3),
    `<|begin_of_text|>${read}<|start_header_id|>assistant<|end_header_id|>\n\n⟦b<|eot_id|>⟧`,
  );
  assert.ok((await shown(conversation, {}, TEMPLATES.mistral)).startsWith(
    '<|begin_of_text|>[TOOL_RESULTS] {"content": 1}[/TOOL_RESULTS][TOOL_RESULTS] {"content": 2}[/TOOL_RESULTS]',
  ));
});
