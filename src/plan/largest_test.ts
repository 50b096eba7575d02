import assert from "node:assert/strict";
import { batches, EncodedSet, IGNORED } from "../data/mod.ts";
import { tokensOf } from "./mod.ts";
import { largestBatches } from "./largest.ts";

/** A document a row; of each, the first `prompts[i]` tokens are not learned. */
function setOf(lengths: number[], prompts: number[]): EncodedSet {
  const offsets = Float64Array.from([0, ...lengths].map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0)));
  const labels = new Int32Array(offsets[lengths.length]).fill(1);
  prompts.forEach((prompt, i) => labels.fill(IGNORED, offsets[i], offsets[i] + prompt));
  const rows = {
    members: Int32Array.from(lengths.keys()),
    starts: Int32Array.from([...lengths.keys(), lengths.length]),
  };
  return new EncodedSet({ ids: labels, labels, offsets }, rows, "test");
}
const LENGTHS = [9, 2, 7, 5, 3, 8, 6, 4, 11, 2];
const PROMPTS = [9, 1, 1, 1, 1, 7, 1, 1, 9, 1];

Deno.test("largestBatches() finds the batches with the most tokens and with the most learned ones", () => {
  const { first, later, longestRow } = largestBatches(setOf(LENGTHS, PROMPTS), { batchSize: 2, shuffle: false }, 5);
  assert.deepEqual(first.map(({ lengths }) => lengths), [[11, 2], [7, 5]]);
  assert.deepEqual(first.map(({ learned }) => learned), [3, 10]);
  assert.deepEqual([later, longestRow], [[], 11]);
});

Deno.test("largestBatches() tells batches that begin a step from those that follow", () => {
  const { first, later } = largestBatches(setOf(LENGTHS, PROMPTS), { batchSize: 2, accumulate: 2, shuffle: false }, 3);
  assert.deepEqual([first[0].lengths, later[0].lengths], [[11, 2], [7, 5]]);
});

Deno.test("largestBatches() looks at the run's own order, and no further than the run goes", () => {
  const set = setOf(LENGTHS, PROMPTS), options = { batchSize: 3, seed: 7 };
  const tokens = [0, 1].flatMap((epoch) => Array.from(batches(set, { ...options, epoch }), ({ ids }) => ids.length));
  for (const steps of [1, 2, 4, 6, 8]) {
    const [most] = largestBatches(set, options, steps).first;
    assert.equal(tokensOf(most), Math.max(...tokens.slice(0, steps)), `${steps} steps`);
  }
});

Deno.test("largestBatches() finds none in a set without rows", () => {
  const { first, later, longestRow } = largestBatches(setOf([], []), { batchSize: 2 }, 3);
  assert.deepEqual([first, later, longestRow], [[], [], 0]);
});
