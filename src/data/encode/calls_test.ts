import assert from "node:assert/strict";
import { TEMPLATES } from "../../../templates/mod.ts";
import { shown, talk, user } from "../../../tests/support/encoded.ts";
import type { Conversation } from "../formats/conversation.ts";

Deno.test("encodeConversations() says why tools cannot be read", async () => {
  assert.equal(await shown({ ...talk("a", "b"), tools: "nope" }), "dropped: its tools is not JSON");
  assert.equal(await shown({ ...talk("a", "b"), tools: '[{"x": 1}]' }), 'dropped: a tool in "tools" has no "name"');
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

Deno.test("encodeConversations() reads calls in tags, one or several, with what is said in front of them", async () => {
  const calling = (content: string): Conversation => ({
    messages: [{ role: "user", content: "a" }, { role: "function", content }],
  });
  const call = (name: string) => `<tool_call>\n{"name": "${name}", "arguments": {}}\n</tool_call>`;
  const { qwen3_nothink: qwen } = TEMPLATES;
  const write = (content: string) => shown(calling(content), {}, qwen);
  assert.equal(await write(`I look.\n${call("f")}\n`), `${user("a")}⟦I look.\n${call("f")}<|im_end|>\n⟧`);
  assert.equal(await write(`${call("f")}\n${call("g")}`), `${user("a")}⟦${call("f")}\n${call("g")}<|im_end|>\n⟧`);
  const named = '{"name": "f", "arguments": {"x": "<tool_call>1</tool_call>"}}';
  assert.equal(await write(named), `${user("a")}⟦<tool_call>\n${named}\n</tool_call><|im_end|>\n⟧`);
  assert.equal(
    await write(`${call("f")} and more`),
    "dropped: it says something behind its function call, where no template writes it",
  );
  assert.equal(await write('<tool_call>{"name": "f"}'), 'dropped: its "<tool_call>" has no "</tool_call>"');
  assert.equal(await write("no call"), "dropped: its function call is not JSON");
  assert.equal(await write('{"name": "f", "arguments": "{"}'), "dropped: its arguments is not JSON");
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
