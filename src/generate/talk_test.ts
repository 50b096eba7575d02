import assert from "node:assert/strict";
import { FtxError } from "../errors.ts";
import type { Answer, AnswerOptions } from "./chat.ts";
import { Interrupts } from "./interrupts.ts";
import type { Questions } from "./lines.ts";
import { talk } from "./talk.ts";

/** A conversation whose model answers "1", "2", "3" …: what was said and noted, and what the model was asked. */
async function conversation(lines: string[], { interrupts = new Interrupts(), fail = "", ending = "stop" } = {}) {
  const said: string[] = [], noted: string[] = [], asked: string[] = [];
  const reply = (question: unknown, { system, onText, signal }: AnswerOptions) => {
    const turns = (question as { role: string; content: string }[]).map(({ content }) => content);
    asked.push([...(system ? [`[${system}]`] : []), ...turns].join(" "));
    if (turns.at(-1) === fail) return Promise.reject(new FtxError("Cannot answer this"));
    if (turns.at(-1) === "interrupt") interrupts.hear();
    const text = String(asked.length);
    onText?.(text);
    return Promise.resolve({ text, tokens: 1, ending: signal?.aborted ? "aborted" : ending } as Answer);
  };
  const questions: Questions = {
    next: () => Promise.resolve(lines.shift()),
    [Symbol.dispose]: () => {},
  };
  const stage = { say: (t: string) => void said.push(t), note: (t: string) => void noted.push(t), live: false };
  await talk({ reply }, questions, stage, { maxNewTokens: 9 }, interrupts);
  return { said: said.join(""), noted, asked, left: lines };
}

Deno.test("talk() gives the model the whole conversation, until it is cleared", async () => {
  const { said, asked, noted } = await conversation(["a", "b", "", "clear", "c"]);
  assert.deepEqual(asked, ["a", "a 1 b", "c"]);
  assert.equal(said, "1\n2\n3\n");
  assert.deepEqual(noted, ["The conversation is forgotten."]);
});

Deno.test("talk() takes a system prompt, and shows it", async () => {
  const { asked, noted } = await conversation(["/system", "/system be brief", "a", "/system"]);
  assert.deepEqual(asked, ["[be brief] a"]);
  assert.deepEqual(noted, [
    "System prompt: the template's own",
    "System prompt: be brief",
    "System prompt: be brief",
  ]);
});

Deno.test("talk() ends at exit", async () => {
  assert.deepEqual((await conversation(["a", "exit", "b"])).left, ["b"]);
});

Deno.test("talk() continues after a question that could not be answered, and drops it", async () => {
  const { asked, noted } = await conversation(["a", "bad", "/nope", "b"], { fail: "bad" });
  assert.deepEqual(asked, ["a", "a 1 bad", "a 1 b"]);
  assert.deepEqual(noted, [
    "error: Cannot answer this",
    'error: Cannot run "/nope": there is no such command; /help lists them',
  ]);
});

Deno.test("talk() says why an answer was cut off", async () => {
  assert.deepEqual((await conversation(["a"], { ending: "length" })).noted, ["(cut off after max_new_tokens = 9)"]);
  assert.deepEqual((await conversation(["a"], { ending: "positions" })).noted, [
    "(cut off: the model has no more positions; /clear starts over)",
  ]);
  assert.deepEqual((await conversation(["interrupt"])).noted, ["(stopped)"]);
});

Deno.test("Interrupts stop an answer first, and leave when there are two in a row", () => {
  const heard: string[] = [];
  const interrupts = new Interrupts({ warn: () => heard.push("warn"), leave: () => heard.push("leave") });
  interrupts.hear();
  interrupts.calm();
  interrupts.hear();
  interrupts.hear();
  assert.deepEqual(heard.splice(0), ["warn", "warn", "leave"]);

  interrupts.calm();
  const signal = interrupts.begin();
  interrupts.hear();
  interrupts.end();
  assert.deepEqual([signal.aborted, heard.length], [true, 0]);
  interrupts.hear();
  assert.deepEqual(heard, ["leave"]);
});
