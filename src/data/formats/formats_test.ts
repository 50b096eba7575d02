import assert from "node:assert/strict";
import { OPENAI_TAGS, SHAREGPT_TAGS } from "../catalogue/entry.ts";
import type { DatasetInfo } from "../catalogue/info.ts";
import { RowError } from "../sources/row.ts";
import { type Task, TASKS } from "../tasks/mod.ts";

type Values = Record<string, unknown>;
const { conversation, text } = TASKS;

const info = (more: Partial<DatasetInfo> = {}): DatasetInfo => ({
  name: "d",
  files: [],
  formatting: "detect",
  columns: {},
  tags: SHAREGPT_TAGS,
  ...more,
});

const read = (row: Values, more?: Partial<DatasetInfo>) => conversation.format(info(more), row)(row);
const readText = (row: Values, more?: Partial<DatasetInfo>) => text.format(info(more), row)(row);
const messages = (row: Values, more?: Partial<DatasetInfo>) =>
  read(row, more).messages.map(({ role, content }) => `${role}: ${content}`);

Deno.test("conversation.format() reads Alpaca: instruction and input are one question", () => {
  const row = { instruction: "Add", input: "1 + 1", output: "2" };
  assert.deepEqual(messages(row), ["user: Add\n1 + 1", "assistant: 2"]);
  assert.deepEqual(messages({ ...row, input: "" }, { formatting: "alpaca" }), ["user: Add", "assistant: 2"]);
});

Deno.test("conversation.format() reads Alpaca with history and system prompt, under any names", () => {
  const row = { q: "c", a: "d", past: [["a", "b"]], sys: "s" };
  const columns = { prompt: "q", response: "a", history: "past", system: "sys" };
  assert.deepEqual(messages(row, { formatting: "alpaca", columns }), [
    "user: a",
    "assistant: b",
    "user: c",
    "assistant: d",
  ]);
  assert.equal(read(row, { formatting: "alpaca", columns }).system, "s");
});

Deno.test("conversation.format() reads no column that an entry which names columns leaves out", () => {
  const row = { input: "a", output: "b", instruction: "i", system: "s", tools: "t", history: [["c", "d"]] };
  const columns = { prompt: "input", response: "output" };
  const alpaca = read(row, { formatting: "alpaca", columns });
  assert.deepEqual(alpaca.messages.map(({ content }) => content), ["a", "b"]);
  assert.deepEqual([alpaca.system, alpaca.tools], [undefined, undefined]);
  assert.equal(readText(row, { formatting: "alpaca", columns }), "a");
  const list = read({ ...row, talk: turns, messages: chat }, { formatting: "sharegpt", columns: { messages: "talk" } });
  assert.deepEqual([list.system, list.tools, list.messages.length], [undefined, undefined, 2]);
});

Deno.test("conversation.format() reads the usual columns where an entry names none, and no others", () => {
  const row = { instruction: "a", input: "b", output: "c", system: "s" };
  assert.deepEqual(messages(row, { formatting: "alpaca" }), ["user: a\nb", "assistant: c"]);
  assert.equal(read(row, { formatting: "alpaca" }).system, undefined);
});

Deno.test("conversation.format() works out question and answer by the columns' usual names", () => {
  assert.deepEqual(messages({ prompt: "a", completion: "b" }), ["user: a", "assistant: b"]);
  assert.deepEqual(messages({ question: "a", answer: "b", id: 3 }), ["user: a", "assistant: b"]);
});

const turns = [{ from: "human", value: "a" }, { from: "gpt", value: "b" }];
const chat = [{ role: "user", content: "a" }, { role: "assistant", content: "b" }];

Deno.test("conversation.format() reads ShareGPT and OpenAI lists, by their own names", () => {
  assert.deepEqual(messages({ conversations: turns }), ["user: a", "assistant: b"]);
  assert.deepEqual(messages({ messages: chat }), ["user: a", "assistant: b"]);
  assert.deepEqual(messages({ conversations: chat }), ["user: a", "assistant: b"]);
  assert.deepEqual(messages({ messages: JSON.stringify(chat) }), ["user: a", "assistant: b"]);
  assert.deepEqual(messages({ conversations: turns }, { formatting: "sharegpt" }), ["user: a", "assistant: b"]);
  assert.deepEqual(messages({ messages: chat }, { formatting: "openai", tags: OPENAI_TAGS }), [
    "user: a",
    "assistant: b",
  ]);
});

Deno.test("conversation.format() takes a leading system message, which wins over the system column", () => {
  const row = { messages: [{ role: "system", content: "s" }, ...chat], system: "other" };
  assert.equal(read(row).system, "s");
  assert.equal(read({ ...row, messages: chat }).system, "other");
});

Deno.test("conversation.format() reads OpenAI tool calls and merges results that follow each other", () => {
  const row = {
    messages: [
      { role: "user", content: "a" },
      {
        role: "assistant",
        content: null,
        tool_calls: [{ type: "function", function: { name: "f", arguments: "{}" } }],
      },
      { role: "tool", content: "1" },
      { role: "tool", content: "2" },
      {
        role: "assistant",
        content: [{ type: "text", text: "b" }, { type: "text", text: "c" }],
        reasoning_content: "hm",
      },
    ],
    tools: [{ name: "f" }],
  };
  assert.deepEqual(messages(row), [
    "user: a",
    "function: ",
    "observation: 1",
    "assistant: <think>\nhm\n</think>\n\nbc",
  ]);
  const [, call, result] = read(row).messages;
  assert.deepEqual([call.calls, result.moreResults], ['[{"name":"f","arguments":"{}"}]', ["2"]]);
  assert.equal(read(row).tools, '[{"name":"f"}]');
});

Deno.test("conversation.format() adds nothing to the system prompt of OpenAI data", () => {
  assert.equal(
    read({ messages: chat }, { formatting: "openai", tags: OPENAI_TAGS }).system,
    undefined,
  );
});

Deno.test("text.format() reads text", () => {
  assert.equal(readText({ text: "a" }), "a");
  assert.equal(readText({ text: "a", id: 1 }, { formatting: "alpaca" }), "a");
  assert.equal(readText({ body: "a" }, { formatting: "alpaca", columns: { prompt: "body" } }), "a");
});

/** Rows that cannot be used, and why. */
const BAD: [row: Values, sentence: string][] = [
  [{ instruction: "", output: "b" }, "its instruction is empty"],
  [{ instruction: "a", output: " " }, "its output is empty"],
  [{ instruction: "a", output: null }, "its output is empty"],
  [{ instruction: "a", output: ["b"] }, "its output is a list, not text"],
  [{ instruction: { x: 1 }, output: "b" }, "its instruction is an object, not text"],
  [{ instruction: "a", output: "b", history: ["x"] }, "its history is not a list of pairs"],
  [{ messages: null }, "its messages is missing, not a list"],
  [{ messages: [] }, "it has no messages"],
  [{ messages: ["x"] }, "message 1 is not an object"],
  [{ messages: chat.slice(0, 1) }, "its last message is not an answer"],
  [
    { messages: [chat[1]] },
    'its roles do not alternate: message 1 should be a question (user or tool) but is "assistant"',
  ],
  [
    { messages: [chat[0], chat[0], chat[1]] },
    'its roles do not alternate: message 2 should be an answer (assistant) but is "user"',
  ],
  [
    { messages: [...chat, { role: "system", content: "s" }] },
    "message 3 is a system message, which only the first may be",
  ],
  [
    { messages: [{ role: "robot", content: "a" }] },
    'message 1 has the role "robot", which is none of system, user, assistant, tool, function_call',
  ],
  [{ messages: [chat[0], { role: "assistant", content: "" }] }, "message 2 has an empty content"],
  [{ messages: [chat[0], { role: "assistant" }] }, "message 2 has no content"],
  [
    { messages: [{ role: "user", content: [{ type: "image_url" }] }] },
    'message 1 has a part of type "image_url", and ftx learns from text alone; use a data set without media',
  ],
  [{ messages: [chat[0], { role: "assistant", tool_calls: [{}] }] }, "message 2 has a tool call without a name"],
];

for (const [row, sentence] of BAD) {
  Deno.test(`a row is refused with a reason: ${sentence}`, () => {
    assert.throws(() => read(row), (error: Error) => {
      assert.ok(error instanceof RowError);
      assert.equal(error.message, sentence);
      return true;
    });
  });
}

/** Data sets that cannot be used. */
const WRONG: [row: Values, more: Partial<DatasetInfo>, task: Task, sentence: string][] = [
  [
    { a: 1, b: 2 },
    {},
    conversation,
    'Cannot use dataset "d" for sft: its columns are "a", "b", but it needs "messages", "conversations", or "instruction" ' +
    'and "output"; rename them or describe them in dataset_info.json',
  ],
  [
    { text: "a" },
    {},
    conversation,
    'Cannot use dataset "d" for sft: its columns are "text", and there are no answers; use ftx pt',
  ],
  [
    { chosen: "a", rejected: "b" },
    {},
    conversation,
    'Cannot use dataset "d" for sft: its columns are "chosen", "rejected", which hold preferences, and this version ' +
    "of ftx cannot train on those; use another data set",
  ],
  [
    { instruction: "a" },
    {},
    text,
    'Cannot use dataset "d" for pt: its columns are "instruction", and none of them is "text"; rename the one that holds the ' +
    "text, or describe it in dataset_info.json",
  ],
  [
    { messages: chat },
    { formatting: "openai", tags: OPENAI_TAGS },
    text,
    'Cannot use dataset "d" for pt: it holds conversations; use ftx sft, or plain text',
  ],
  [
    { question: "a" },
    { formatting: "alpaca" },
    conversation,
    'Cannot use dataset "d": it has no column "instruction", only "question"; set columns.prompt of its entry in dataset_info.json',
  ],
];

for (const [row, more, task, sentence] of WRONG) {
  Deno.test(`a data set is refused with a sentence: ${sentence.slice(0, 70)} …`, () => {
    assert.throws(() => task.format(info(more), row), { name: "DataError", message: sentence });
  });
}
