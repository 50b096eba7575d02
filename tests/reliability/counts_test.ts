// What a run reports about its steps is what its data says, counted apart from it.

import assert from "node:assert/strict";
import { join } from "node:path";
import { Tokenizer } from "../../src/tokenizer/mod.ts";
import { historyOf, logOf, stateOf } from "./compare.ts";
import { NANO, trained, workplace } from "./nano.ts";

/** Tokens of each row, and how many of them are learned: the answer and what closes it. */
async function countRows(): Promise<{ tokens: number; learned: number }[]> {
  const tokenizer = await Tokenizer.load(NANO);
  const rows = Deno.readTextFileSync(`${NANO}/train.jsonl`).trim().split("\n").map((line) => JSON.parse(line));
  return await Promise.all(rows.map(async ({ instruction, output }) => {
    const prompt = await tokenizer.encode(`<|im_start|>user\n${instruction}<|im_end|>\n<|im_start|>assistant\n`);
    const answer = await tokenizer.encode(`${output}<|im_end|>\n`);
    return { tokens: prompt.length + answer.length, learned: answer.length };
  }));
}

const sum = (rows: { tokens: number; learned: number }[], of: "tokens" | "learned") =>
  rows.reduce((total, row) => total + row[of], 0);

Deno.test("each logged step counts its tokens, each checkpoint its learned tokens, and losses are not rounded", async () => {
  using place = workplace();
  const folder = join(place.path, "run");
  const order = { disableShuffling: true, perDeviceTrainBatchSize: 3, gradientAccumulationSteps: 2 };
  await trained(folder, { ...order, saveSteps: 5, maxSteps: 14 });
  const rows = await countRows();
  assert.equal(rows.length, 42); // seven steps of six rows: two epochs
  const upTo = (step: number) => [...rows, ...rows].slice(0, step * 6);

  const log = logOf(folder);
  assert.equal(log.length, 14);
  for (const line of log) assert.equal(line.total_tokens, sum(upTo(line.current_steps as number), "tokens"));
  for (const [path, step] of [["/checkpoint-5", 5], ["/checkpoint-10", 10], ["", 14]] as const) {
    const { num_input_tokens_seen, stateful_callbacks: { ftx: { attributes } } } = stateOf(folder + path);
    const { learned, rows } = attributes;
    assert.equal(num_input_tokens_seen, sum(upTo(step), "tokens"));
    assert.deepEqual({ learned, rows }, { learned: sum(upTo(step), "learned"), rows: step * 6 });
  }

  const steps = historyOf(folder).filter((entry) => "loss" in entry);
  assert.deepEqual(log.map(({ loss }) => loss), steps.map(({ loss }) => loss));
  assert(log.some(({ loss }) => String(loss).length > 12), "losses are rounded");
  const mean = steps.reduce((total, { loss }) => total + Number(loss), 0) / 14;
  assert(Math.abs(Number(historyOf(folder).at(-1)!.train_loss) - mean) < 1e-12);
});

Deno.test("a loss that is logged every five steps is the mean of those steps", async () => {
  using place = workplace();
  const [each, fifth] = [join(place.path, "each"), join(place.path, "fifth")];
  await trained(each, { saveStrategy: "no", maxSteps: 12 });
  await trained(fifth, { saveStrategy: "no", maxSteps: 12, loggingSteps: 5, loggingFirstStep: true });
  const losses = logOf(each).map(({ loss }) => Number(loss));
  const mean = (from: number, to: number) => losses.slice(from, to).reduce((a, b) => a + b) / (to - from);
  const expected = [[1, mean(0, 1)], [5, mean(1, 5)], [10, mean(5, 10)]];
  assert.deepEqual(logOf(fifth).map(({ current_steps, loss }) => [current_steps, loss]), expected);
});
