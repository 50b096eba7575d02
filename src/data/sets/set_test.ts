import assert from "node:assert/strict";
import { DocumentsBuilder } from "./documents.ts";
import { batches, batchesPerEpoch } from "./order.ts";
import { oneEach } from "./rows.ts";
import { EncodedSet } from "./set.ts";

/** Documents 10…, 20…, 30… of lengths 3, 2, 4; the first token of each is only read. */
function threeDocuments() {
  const builder = new DocumentsBuilder();
  for (const [base, length] of [[10, 3], [20, 2], [30, 4]]) {
    const ids = Array.from({ length }, (_, i) => base + i);
    builder.add(ids, ids.map((id, i) => i === 0 ? -100 : id));
  }
  return builder.build();
}

const set = () => new EncodedSet(threeDocuments(), oneEach(Int32Array.of(0, 1, 2)), "f");

Deno.test("EncodedSet.batch() lays documents end to end; the token before a learned one predicts it", () => {
  const batch = set().batch([2, 0]);
  assert.deepEqual(batch, {
    ids: Int32Array.of(30, 31, 32, 33, 10, 11, 12),
    positions: Int32Array.of(0, 1, 2, 3, 0, 1, 2),
    starts: Int32Array.of(0, 4, 7),
    supervised: Int32Array.of(0, 1, 2, 4, 5),
    targets: Int32Array.of(31, 32, 33, 11, 12),
    rowStarts: Int32Array.of(0, 1, 2),
    tags: {},
    learned: 5,
    rows: 2,
  });
});

Deno.test("EncodedSet keeps documents of a pack apart", () => {
  const packed = new EncodedSet(
    threeDocuments(),
    { members: Int32Array.of(1, 0, 2), starts: Int32Array.of(0, 2, 3) },
    "f",
  );
  assert.deepEqual([packed.rows, packed.documents, packed.tokens, packed.learned, packed.lengthOf(0)], [2, 3, 9, 6, 5]);
  const batch = packed.batch([0]);
  assert.deepEqual([batch.supervised, batch.targets], [Int32Array.of(0, 2, 3), Int32Array.of(21, 11, 12)]);
  assert.deepEqual([batch.starts, batch.rows, batch.learned], [Int32Array.of(0, 2, 5), 1, 3]);
  assert.deepEqual(batch.rowStarts, Int32Array.of(0, 2)); // one row of two documents
});

Deno.test("batches() keeps the last short one, and skip passes over the first", () => {
  const rows = (skip: number) => [...batches(set(), { batchSize: 2, shuffle: false, skip })].map((batch) => batch.rows);
  assert.deepEqual([rows(0), rows(1), rows(2), batchesPerEpoch(set(), 2)], [[2, 1], [1], [], 2]);
});

Deno.test("batches() depends on seed and epoch alone", () => {
  const order = (seed: number, epoch: number) =>
    [...batches(set(), { batchSize: 1, seed, epoch })].map((batch) => batch.ids[0]);
  assert.deepEqual(order(42, 1), order(43, 0));
  assert.deepEqual([order(42, 0), order(42, 1)], [[10, 30, 20], [20, 10, 30]]);
});

Deno.test("batches() with groupByLength gives the longest row first", () => {
  const [first] = batches(set(), { batchSize: 1, groupByLength: true });
  assert.equal(first.ids.length, 4);
});
