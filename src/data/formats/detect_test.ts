import assert from "node:assert/strict";
import type { DatasetInfo } from "../catalogue/info.ts";
import { detectConversation } from "./detect.ts";

type Values = Record<string, unknown>;

const info = { name: "d", formatting: "detect", columns: {} } as unknown as DatasetInfo;
const user = (content: string) => ({ role: "user", content });
const answer = (content: string) => ({ role: "assistant", content });

/** What is read of a row by the columns of the first. */
function read(row: Values, first = row) {
  const notes: string[] = [];
  const conversation = detectConversation(info, first, (note) => notes.push(note))(row);
  return {
    ...conversation,
    notes,
    said: conversation.messages.map(({ content, learned }) => learned === false ? `(${content})` : content),
  };
}

Deno.test("detectConversation() reads TRL's prompts and completions as lists: of a prompt, nothing is learned", () => {
  const prompt = [{ role: "system", content: "s" }, user("a"), answer("b"), user("c")];
  for (const completion of [[answer("d")], "d"]) {
    const { system, said } = read({ prompt, completion });
    assert.deepEqual([system, said], ["s", ["a", "(b)", "c", "d"]]);
  }
});

Deno.test("detectConversation() reads tools, functions, system and history where only later rows have them", () => {
  const first = { instruction: "a", output: "b" };
  const { system, tools, said } = read({
    ...first,
    input: "x",
    system: "s",
    tools: '[{"name": "f"}]',
    history: [["q", "r"]],
  }, first);
  assert.deepEqual([system, tools, said], ["s", '[{"name": "f"}]', ["q", "r", "a\nx", "b"]]);
  assert.equal(read({ messages: [user("a"), answer("b")], functions: [{ name: "f" }] }).tools, '[{"name":"f"}]');
});

for (const history of [[], "", null, "[]", "null", [["", ""]], [[]], [null], '[["", null]]', undefined]) {
  Deno.test(`detectConversation() takes history = ${JSON.stringify(history)} for none`, () => {
    assert.deepEqual(read({ instruction: "a", output: "b", history }).said, ["a", "b"]);
  });
}

Deno.test("detectConversation() says which pair of a history is not whole", () => {
  const bad = (history: unknown) => () => read({ instruction: "a", output: "b", history });
  assert.throws(bad([["q", "r"], ["q", ""]]), { message: "its answer in pair 2 of the history is empty" });
  assert.throws(bad([["", "r"]]), { message: "its question in pair 1 of the history is empty" });
  assert.throws(bad([["q"]]), { message: "its history is not a list of pairs" });
  assert.throws(bad({ q: "r" }), { message: "its history is an object, not a list" });
});

Deno.test("detectConversation() notes that chat_template_kwargs are not used", () => {
  const row = { messages: [user("a"), answer("b")], chat_template_kwargs: { enable_thinking: false } };
  assert.deepEqual(read(row).notes, [
    'its column "chat_template_kwargs" is not used: one template with one setting of enable_thinking writes all rows',
  ]);
  assert.deepEqual(read({ ...row, chat_template_kwargs: null }).notes, []);
});

/** Rows of preferences, which this version cannot learn from. */
const JUDGED: [row: Values, why: string][] = [
  [{ prompt: "a", chosen: "b", rejected: "c" }, "which hold preferences"],
  [{ prompt: "a", completion: "b", label: true }, "which say what is a good and a bad answer"],
  [{ messages: [user("a"), answer("b")], label: false }, "which say what is a good and a bad answer"],
  [{ instruction: "a", output: "b", kto_tag: true }, "which say what is a good and a bad answer"],
];

for (const [row, why] of JUDGED) {
  Deno.test(`detectConversation() refuses preferences: ${JSON.stringify(row)}`, () => {
    const columns = Object.keys(row).map((name) => `"${name}"`).join(", ");
    assert.throws(() => read(row), {
      name: "DataError",
      message:
        `Cannot use dataset "d" for sft: its columns are ${columns}, ${why}, and this version of ftx cannot train on those; ` +
        "use another data set",
    });
  });
}
