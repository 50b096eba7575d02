import assert from "node:assert/strict";
import { mix, type MixStrategy } from "./mix.ts";
import { Random } from "./random.ts";

const mixed = (sizes: number[], strategy: MixStrategy, probs: number[] = []) =>
  mix(sizes, strategy, probs, new Random(1)).map(({ set, example }) => "abc"[set] + example).join(" ");

Deno.test("mix() joins, or takes turns until the first or the last set is used up", () => {
  assert.equal(mixed([3, 1], "concat"), "a0 a1 a2 b0");
  assert.equal(mixed([3, 2], "interleave_under"), "a0 b0 a1 b1");
  assert.equal(mixed([3, 2], "interleave_over"), "a0 b0 a1 b1 a2 b0");
  assert.equal(mixed([3, 2], "interleave_once"), "a0 b0 a1 b1 a2");
});

Deno.test("mix() draws sets by their share, each in its own order", () => {
  const picks = mix([1000, 1000], "interleave_under", [0.8, 0.2], new Random(3));
  const first = picks.filter(({ set }) => set === 0);
  assert.equal(first.length, 1000);
  assert.deepEqual(first.map(({ example }) => example), first.map((_, i) => i));
  assert.ok(Math.abs((picks.length - 1000) / picks.length - 0.2) < 0.03);
});

Deno.test("mix() with shares uses each example at least once, or exactly once", () => {
  const over = mix([5, 50], "interleave_over", [0.5, 0.5], new Random(3));
  assert.equal(new Set(over.map(({ set, example }) => `${set} ${example}`)).size, 55);
  assert.ok(over.length > 80);
  const once = mix([5, 50], "interleave_once", [0.5, 0.5], new Random(3));
  assert.deepEqual([once.length, new Set(once.map(({ set, example }) => `${set} ${example}`)).size], [55, 55]);
});

Deno.test("mix() never draws what has no share, and ends", () => {
  assert.equal(mixed([2, 5], "interleave_over", [1, 0]), "a0 a1");
  assert.equal(mixed([2, 5], "interleave_once", [0, 1]), "b0 b1 b2 b3 b4");
});
