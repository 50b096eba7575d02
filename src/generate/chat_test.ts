import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import type { Message } from "../data/mod.ts";
import { makeRecipe } from "../recipe/mod.ts";
import { live } from "../tensor/mod.ts";
import { loadChat } from "./mod.ts";
import { smallModel } from "../../tests/small_model.ts";

const folder = await smallModel();
const recipe = (settings = {}) =>
  makeRecipe({ modelNameOrPath: folder, template: "chatml", doSample: false, maxNewTokens: 12, ...settings });

Deno.test("Chat streams exactly the text it returns", async () => {
  using chat = await loadChat(recipe());
  const pieces: string[] = [];
  const { text, tokens, ending } = await chat.reply("How do I list images?", { onText: (piece) => pieces.push(piece) });
  assert.ok(pieces.length > 1 && pieces.every((piece) => piece !== ""));
  assert.equal(pieces.join(""), text);
  assert.deepEqual([tokens, ending], [12, "length"]);
});

Deno.test("Chat reads only the new part of a conversation, and answers as if it had read it all", async () => {
  using chat = await loadChat(recipe());
  using fresh = await loadChat(recipe());
  const messages: Message[] = [{ role: "user", content: "How do I list images?" }];
  const first = await chat.reply(messages);
  assert.equal(first.cachedTokens, 0);
  messages.push({ role: "assistant", content: first.text }, { role: "user", content: "And containers?" });
  const second = await chat.reply(messages);
  assert.ok(second.cachedTokens >= first.promptTokens, `${second.cachedTokens} of ${second.promptTokens}`);
  assert.ok(second.cachedTokens < second.promptTokens);
  assert.equal(second.text, await fresh.answer(messages));
  assert.equal(await chat.answer(messages), second.text); // all but the last token is there already
  assert.equal(await chat.answer([messages[0]]), first.text);
});

Deno.test("Chat answers in turn when it is asked twice at once", async () => {
  using chat = await loadChat(recipe());
  const questions = ["How do I list images?", "What is the capital of France?"];
  const alone = [await chat.answer(questions[0]), await chat.answer(questions[1])];
  assert.deepEqual(await Promise.all(questions.map((q) => chat.answer(q))), alone);
});

Deno.test("Chat gives the same answers after the same seed", async () => {
  const drawing = recipe({ doSample: true, temperature: 2, topK: 0, topP: 1, seed: 5 });
  using chat = await loadChat(drawing);
  const ask = (seed?: number) => chat.answer("How do I list images?", { seed });
  const first = [await ask(), await ask()];
  assert.notEqual(first[0], first[1]);
  assert.deepEqual([await ask(5), await ask()], first);
});

Deno.test("Chat takes the system prompt of the question, then of the recipe", async () => {
  using chat = await loadChat(recipe({ system: "You are a helpful assistant." }));
  using other = await loadChat(recipe());
  const system = "Translate this sentence into German.";
  const count = async (one: typeof chat, options = {}) => (await one.reply("sea", options)).promptTokens;
  const [none, given, own] = [await count(other), await count(other, { system }), await count(chat)];
  assert.ok(none < own && none < given);
  assert.equal(await count(chat, { system }), given);
  assert.equal(await count(chat, { system: undefined }), own);
});

Deno.test("Chat stops at once when aborted, and continues to work afterwards", async () => {
  using chat = await loadChat(recipe());
  const whole = await chat.answer("How do I list images?");
  const stopping = new AbortController();
  const { text, ending } = await chat.reply("How do I list images?", {
    signal: stopping.signal,
    onText: () => stopping.abort(),
  });
  assert.equal(ending, "aborted");
  assert.ok(whole.startsWith(text) && text.length < whole.length);
  assert.equal(await chat.answer("How do I list images?"), whole);
});

Deno.test("Chat refuses a conversation that has no question at its end", async () => {
  using chat = await loadChat(recipe());
  const user: Message = { role: "user", content: "a" }, assistant: Message = { role: "assistant", content: "b" };
  const order =
    'has the role "assistant"; questions (user, observation) and answers (assistant, function) must alternate, ' +
    "beginning with a question";
  for (
    const [messages, why] of [
      [[], "there are no messages; end with a question"],
      [[user, assistant], "the last message is an answer; end with a question"],
      [[assistant], `message 1 ${order}`],
      [[user, assistant, assistant], `message 3 ${order}`],
    ] as [Message[], string][]
  ) {
    await assert.rejects(chat.answer(messages), { name: "FtxError", message: `Cannot answer: ${why}` });
  }
});

Deno.test("Chat leaves no tensor alive when it ends", async () => {
  const before = live();
  {
    using chat = await loadChat(recipe({ doSample: true, repetitionPenalty: 1.1 }));
    await chat.answer("How do I list images?");
    const between = live();
    await chat.answer("How do I list images?");
    assert.equal(live(), between);
  }
  assert.equal(live(), before);
});

Deno.test({ name: "the small model goes", fn: () => rmSync(folder, { recursive: true }) });
