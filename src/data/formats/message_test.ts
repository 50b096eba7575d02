import assert from "node:assert/strict";
import { OPENAI_TAGS, SHAREGPT_TAGS } from "../catalogue/entry.ts";
import { RowError, SetError } from "../sources/row.ts";
import { readChat } from "./chat.ts";
import type { Conversation } from "./conversation.ts";

type Values = Record<string, unknown>;

const ask = { role: "user", content: "a" };
const say = (more: Values = {}) => ({ role: "assistant", content: "b", ...more });
const read = (messages: unknown[], more: Values = {}) =>
  readChat({ messages, ...more }, "messages", { system: "system", tools: "tools" }, OPENAI_TAGS);
const share = (messages: unknown[]) => readChat({ messages }, "messages", {}, SHAREGPT_TAGS);

for (const none of [null, [], "", "[]", "null", undefined]) {
  Deno.test(`readChat() takes tool_calls = ${JSON.stringify(none)} for none, in any message`, () => {
    assert.deepEqual(
      read([{ ...ask, tool_calls: none }, say({ tool_calls: none, function_call: null })]),
      read([ask, say()]),
    );
    assert.equal(read([ask, say()], { tools: none }).tools, undefined);
  });
}

const call = (args: unknown) => ({ id: "1", type: "function", function: { name: "f", arguments: args } });

/** Messages that call tools, and what is read of the call. */
const CALLS: [message: Values, content: string, calls: unknown[]][] = [
  [say({ tool_calls: [call("{}")] }), "b", [{ name: "f", arguments: "{}" }]],
  [say({ content: null, tool_calls: [call({ x: 1 }), call({})] }), "", [
    { name: "f", arguments: { x: 1 } },
    { name: "f", arguments: {} },
  ]],
  [say({ content: "", tool_calls: JSON.stringify([{ name: "f" }]) }), "", [{ name: "f" }]],
  [say({ content: [], function_call: { name: "f", arguments: "{}" } }), "", [{ name: "f", arguments: "{}" }]],
  [say({ tool_calls: [], function_call: { name: "f" }, reasoning: "hm" }), "<think>\nhm\n</think>\n\nb", [{
    name: "f",
  }]],
  [{ role: "function_call", content: { name: "f", arguments: {} } }, "", [{ name: "f", arguments: {} }]],
];

for (const [message, content, calls] of CALLS) {
  Deno.test(`readChat() keeps text and calls apart: ${JSON.stringify(message)}`, () => {
    const { messages } = read([ask, message]);
    assert.deepEqual({ ...messages[1], calls: JSON.parse(messages[1].calls!) }, { role: "function", content, calls });
  });
}

/** What a tool gives, and what is read of it. */
const RESULTS: [given: unknown, text: string][] = [
  ["", ""],
  [18, "18"],
  [{ t: 18, at: ["é"] }, '{"t": 18, "at": ["é"]}'],
  [[{ t: 18 }], '[{"t": 18}]'],
  [[{ type: "text", text: "x" }, { type: "text", text: "y" }], "xy"],
];

for (const [given, text] of RESULTS) {
  Deno.test(`readChat() reads a tool's result ${JSON.stringify(given)}, alone or beside others`, () => {
    const called = say({ tool_calls: [call("{}")] });
    const result = { role: "tool", content: given };
    const { messages } = read([ask, called, result, { role: "function", content: "2" }, result, say()]);
    assert.deepEqual(messages[2], { role: "observation", content: text, moreResults: ["2", text] });
  });
}

Deno.test("readChat() reads roles that mean one thing in every format", () => {
  assert.equal(read([{ role: "developer", content: "s" }, ask, say()]).system, "s");
  const hermes = share([{ from: "human", value: "a" }, { from: "gpt", value: "b" }, { from: "tool", value: "1" }, {
    from: "gpt",
    value: "c",
  }]);
  assert.deepEqual(hermes.messages.map(({ role }) => role), ["user", "assistant", "observation", "assistant"]);
});

Deno.test("readChat() takes an empty system message for none", () => {
  for (const content of ["", null, [], " "]) assert.equal(read([{ role: "system", content }, ask, say()]).system, "");
});

const learned = ({ messages }: Conversation) => messages.map((message) => message.learned);

Deno.test("readChat() reads weight and its siblings as marks of what is learned", () => {
  assert.deepEqual(learned(read([ask, say(), ask, say({ weight: null })])), [
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  for (const key of ["weight", "train", "training", "loss", "loss_weight"]) {
    for (const [no, yes] of [[0, 1], [false, true]]) {
      const { messages } = read([{ ...ask, [key]: no }, say({ [key]: no }), ask, say({ [key]: yes })]);
      assert.deepEqual(learned({ messages }), [false, false, undefined, true]);
    }
  }
  assert.equal(read([{ role: "system", content: "s", train: false }, ask, say()]).systemLearned, false);
});

/** Messages that cannot be learned from, and why. */
const BAD: [messages: unknown[], sentence: string][] = [
  [[{ content: "a", text: "b" }, say()], "message 1 has no role; its keys are content, text"],
  [[{ role: "user", content: null }, say()], "message 1 has no content"],
  [[{ role: "user" }, say()], "message 1 has no content"],
  [[{ role: "user", content: " " }, say()], "message 1 has an empty content"],
  [[{ role: "user", content: [] }, say()], "message 1 has an empty content"],
  [[{ role: "user", content: { a: 1 } }, say()], "its content in message 1 is an object, not text"],
  [
    [{ role: "user", content: [{ type: "text", value: "a" }] }, say()],
    'message 1 has a part of type "text" without "text"',
  ],
  [
    [{ role: "user", content: [{ type: "text", text: null }] }, say()],
    'message 1 has a part of type "text" without "text"',
  ],
  [[{ role: "user", content: ["a"] }, say()], "message 1 has a part that is not an object"],
  [
    [ask, say({ content: [{ type: "refusal", refusal: "no" }] })],
    'message 2 has a part of type "refusal", and only text can be learned',
  ],
  [[ask, say({ tool_calls: [{ function: {} }] })], "message 2 has a tool call without a name"],
  [[ask, say({ tool_calls: "x" })], "its tool_calls in message 2 is a string, not a list"],
  [[{ ...ask, tool_calls: [call("{}")] }, say()], "message 1 calls tools, which only answers may do"],
  [
    [ask, say({ tool_calls: [call("{}")], function_call: { name: "f" } })],
    "message 2 has both tool_calls and function_call; keep one",
  ],
  [[ask, say({ weight: 0.5 })], 'message 2 has the weight "0.5", which must be 0 or 1'],
  [[ask, say({ weight: "1" })], 'message 2 has the weight "1", which must be 0 or 1'],
  [[ask, say({ weight: 1, train: false })], "message 2 is marked both to be learned and not"],
  [
    [ask, say({ train_detail: [{ begin_offset: 0 }] })],
    "message 2 has train_detail, and ftx learns whole messages only; use train",
  ],
  [
    [ask, say({ content: "b".repeat(3), role: "x".repeat(999) })],
    `message 2 has the role "${"x".repeat(100)}…", which is none of system, user, assistant, tool, function_call`,
  ],
  [
    [{ role: "system", content: "s" }, ask, ask, say()],
    'its roles do not alternate: message 3 should be an answer (assistant) but is "user"',
  ],
  [[say(), ask], 'its roles do not alternate: message 1 should be a question (user or tool) but is "assistant"'],
  [[ask, say(), ask], "its last message is not an answer"],
  [[{ from: "human", value: "a" }, { from: "gpt", value: "b" }], "message 1 has no role; its keys are from, value"],
];

for (const [messages, sentence] of BAD) {
  Deno.test(`messages are refused with a reason: ${sentence}`, () => {
    assert.throws(() => read(messages), (error) => {
      assert.deepEqual([(error as Error).message, error instanceof RowError, error instanceof SetError], [
        sentence,
        true,
        false,
      ]);
      return true;
    });
  });
}
