import assert from "node:assert/strict";
import type { Batch } from "../data/mod.ts";
import { live, scope } from "../tensor/mod.ts";
import { Feed, inputsOf } from "./feed.ts";
import "../../tests/support/tensors.ts";

/** A batch of documents of these lengths whose last tokens are learned. */
function batchOf(lengths: number[], salt: number): Batch {
  const N = lengths.reduce((a, b) => a + b),
    starts = Int32Array.of(0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b)));
  const positions = Int32Array.from(lengths.flatMap((length) => [...Array(length).keys()]));
  const labels = Int32Array.from({ length: N }, (_, i) => starts.includes(i + 1) ? i + salt : -100);
  const ids = Int32Array.from({ length: N }, (_, i) => i + salt);
  return { ids, labels, positions, starts, learned: lengths.length, rows: lengths.length };
}

/** What a way makes of a batch, as plain numbers. */
const numbers = (inputs: ReturnType<typeof inputsOf>) => ({
  ids: [...inputs.ids.toArray()],
  rows: [...inputs.rows.toArray()],
  targets: [...inputs.targets.toArray()],
  positions: [...inputs.layout.positions.toArray()],
  starts: [...inputs.layout.starts!.toArray()],
  lengths: inputs.layout.lengths,
  span: inputs.layout.span,
});

const BATCHES = [[3, 5], [16], [40, 2, 1], [7], [200, 9], [1]].map((lengths, i) => batchOf(lengths, 100 * i));

Deno.test("inputsOf() lays documents end to end, with padding as one more document on a CPU", () =>
  scope(() => {
    const { ids, rows, targets, positions, starts, lengths, span } = numbers(inputsOf(BATCHES[0], "cpu"));
    assert.deepEqual(ids, [0, 1, 2, 3, 4, 5, 6, 7, ...Array(8).fill(0)]);
    assert.deepEqual(positions, [0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual([starts, lengths, span], [[0, 3, 8, 16], [3, 5, 8], 8]);
    assert.deepEqual([rows.slice(0, 3), targets.slice(0, 3)], [[2, 7, 0], [2, 7, -100]]);
  }));

Deno.test("Feed gives every batch as inputsOf() does, sent ahead or not, larger or smaller than the one before", () => {
  const before = live();
  {
    using feed = new Feed("cpu");
    scope(() => {
      BATCHES.forEach((batch, i) => {
        const taken = feed.take(batch);
        if (i % 2 === 0 && i + 1 < BATCHES.length) feed.ahead(BATCHES[i + 1]); // while this one is in use
        assert.deepEqual(numbers(taken), numbers(inputsOf(batch, "cpu")));
      });
    });
  }
  assert.equal(live(), before);
});

Deno.test("Feed makes no memory once it has met its largest batch", () =>
  scope(() => {
    using feed = new Feed("cpu");
    const addresses = new Set<bigint>();
    for (let i = 0; i < 8; i++) {
      const { ids } = feed.take(BATCHES[4]);
      const pointer = Deno.UnsafePointer.of(new Uint8Array(ids.hostBytes().buffer));
      addresses.add(Deno.UnsafePointer.value(pointer));
    }
    assert.equal(addresses.size, 2);
  }));

Deno.test("Feed sends a batch again when another was taken in between", () =>
  scope(() => {
    using feed = new Feed("cpu");
    feed.ahead(BATCHES[2]);
    feed.take(BATCHES[3]);
    assert.deepEqual(numbers(feed.take(BATCHES[2])), numbers(inputsOf(BATCHES[2], "cpu")));
  }));
