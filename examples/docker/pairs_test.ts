import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { INTENTS } from "./intents/mod.ts";
import { composed, type Pair } from "./pairs.ts";
import { overlap } from "./overlap.ts";

const read = async (name: string): Promise<Pair[]> =>
  JSON.parse(await readFile(new URL(name, import.meta.url), "utf8"));
const train = await read("train.json");
const heldout = await read("heldout.json");

Deno.test("train.json and heldout.json are what make.ts writes", () => {
  assert.deepEqual({ train, heldout }, composed(INTENTS));
});

Deno.test("the data set has enough pairs, each asked once, each answered by one docker command", () => {
  assert.ok(train.length >= 2000 && heldout.length >= 200, `${train.length} and ${heldout.length}`);
  const questions = [...train, ...heldout].map((pair) => pair.instruction.toLowerCase());
  assert.equal(new Set(questions).size, questions.length);
  for (const { output } of [...train, ...heldout]) assert.match(output, /^docker [a-z][^\n`'"]*$/);
});

Deno.test("no held-out phrasing occurs in training", () => {
  const phrasings = new Set(INTENTS.flatMap((intent) => intent.train));
  for (const { heldout, command } of INTENTS) {
    for (const phrasing of heldout) assert.ok(!phrasings.has(phrasing), `${command}: ${phrasing}`);
  }
  const { phrasing } = overlap(train, heldout);
  assert.ok(phrasing < 0.7, `held-out questions share ${phrasing} of their words with the nearest training question`);
});

Deno.test("every argument of an answer is in its question", () => {
  for (const { command, train, heldout } of INTENTS) {
    for (const [slot] of command.matchAll(/\{\w+\}/g)) {
      for (const phrasing of [...train, ...heldout]) assert.ok(phrasing.includes(slot), `${command}: ${phrasing}`);
    }
  }
});

Deno.test("the questions read as English: no slot is left, articles agree, one mark ends each", () => {
  for (const { instruction } of [...train, ...heldout]) {
    assert.match(instruction, /^[^{}]*[^{}.?][.?]$/);
    assert.doesNotMatch(instruction, /\b[Aa] (alpine|ubuntu|nginx|httpd|sh)\b/);
  }
});
