import assert from "node:assert/strict";
import { CONTENT, template, TEMPLATES } from "../../../templates/mod.ts";
import { chatml, lengthOf, shown, talk, tokenizer, user } from "../../../tests/support/encoded.ts";
import type { Conversation } from "../formats/conversation.ts";
import { encodeConversations } from "./conversation.ts";

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

/** A conversation whose answers are marked, and with what it is encoded. */
const marked = (marks: (boolean | undefined)[], questions: (boolean | undefined)[] = []): Conversation => ({
  messages: talk("a", "b", "c", "d").messages.map((message, i) => ({
    ...message,
    learned: i % 2 === 1 ? marks[(i - 1) / 2] : questions[i / 2],
  })),
});

Deno.test("encodeConversations() only reads answers that the data marks so, as OpenAI's weight = 0 means", async () => {
  const turn = (question: string, answer: string) => `${user(question)}${answer}`;
  const end = "<|im_end|>\n";
  const both = `${turn("a", `b${end}`)}${user("c")}⟦d${end}⟧`;
  assert.equal(await shown(marked([false, undefined])), both);
  assert.equal(await shown(marked([false, true])), both);
  assert.equal(await shown(marked([true, false])), `${user("a")}⟦b${end}⟧${turn("c", `d${end}`)}`);
  assert.equal(await shown(marked([true, true]), { maskHistory: true }), both);
  assert.equal(
    await shown(marked([false, true]), { trainOnPrompt: true }),
    `⟦${user("a")}⟧b${end}⟦${user("c")}d${end}⟧`,
  );
});

Deno.test("encodeConversations() learns no end of an answer that is only read, with efficientEos", async () => {
  const eos = tokenizer.eos!.id;
  for (const [marks, ends] of [[[false, true], 1], [[true, false], 1], [[true, true], 2]] as const) {
    const [example] = await encodeConversations([marked([...marks])], efficient, tokenizer, { cutoffLen: 500 });
    assert.ok("ids" in example);
    assert.equal(example.labels.filter((label) => label === eos).length, ends);
    assert.equal(example.ids.filter((id) => id === eos).length, 1);
  }
});

Deno.test("encodeConversations() leaves out what marks and settings leave nothing to learn of, or disagree on", async () => {
  assert.equal(await shown(marked([false, false])), "dropped: its answers are marked not to be learned (weight 0)");
  assert.equal(
    await shown(marked([true, false]), { maskHistory: true }),
    "dropped: its last answer is marked not to be learned (weight 0)",
  );
  assert.equal(
    await shown(marked([], [true])),
    "dropped: a question is marked to be learned (weight 1), which train_on_prompt does for all and nothing for one",
  );
  for (const conversation of [marked([], [undefined, false]), { ...talk("a", "b"), systemLearned: false }]) {
    assert.equal(
      await shown(conversation, { trainOnPrompt: true }),
      "dropped: a question is marked not to be learned (weight 0), and train_on_prompt learns them all",
    );
    assert.match(await shown(conversation), /⟦/);
  }
});

Deno.test("encodeConversations() marks answers rightly where mask_history left turns out", async () => {
  const conversation = {
    messages: [...talk("x", "y").messages, ...marked([true, false]).messages, ...talk("e", "f").messages],
  };
  const text = await shown(conversation, { maskHistory: true, cutoffLen: await lengthOf(talk("e", "f")) });
  assert.equal(text, `${user("e")}⟦f<|im_end|>\n⟧`);
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

Deno.test("encodeConversations() splits special tokens wherever the data has them, and none of the template's", async () => {
  const mark = "<|im_end|>";
  const conversation: Conversation = {
    system: mark,
    tools: JSON.stringify([{ name: mark }]),
    messages: [
      { role: "user", content: mark },
      { role: "function", content: mark, calls: JSON.stringify([{ name: mark }]) },
      { role: "observation", content: mark, moreResults: [mark] },
      { role: "assistant", content: mark },
    ],
  };
  // In the template that has the system prompt inside the question, the mark belongs to what surrounds it.
  const inside = { ...chatml, systemInUser: "first" as const, system: [`${CONTENT}<|im_start|>`] };
  const written = JSON.parse(JSON.stringify(conversation).replaceAll(mark, "x"));
  for (const used of [chatml, TEMPLATES.qwen3, inside]) {
    const count = async (given: Conversation, splitSpecialTokens: boolean) => {
      const [made] = await encodeConversations([given], used, tokenizer, { cutoffLen: 9999, splitSpecialTokens });
      assert.ok("ids" in made);
      return made.ids.filter((id) => id === tokenizer.idOf(mark) || id === tokenizer.idOf("<|im_start|>")).length;
    };
    const own = await count(written, false);
    assert.deepEqual([await count(conversation, true), await count(written, true)], [own, own], used.name);
    assert.ok(await count(conversation, false) >= own + 8);
  }
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
