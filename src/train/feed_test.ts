import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { type Batch, batchOf } from "../data/mod.ts";
import { live, scope } from "../tensor/mod.ts";
import { Feed } from "./feed.ts";
import { type Inputs, inputsOf } from "./inputs.ts";

/** A batch of documents of these lengths, one a row, whose last tokens are learned. */
function batchOfLengths(lengths: number[], salt: number): Batch {
  let at = salt;
  return batchOf(lengths.map((length) => {
    const ids = Int32Array.from({ length }, () => at++);
    return [{ ids, labels: ids.map((id, i) => i === length - 1 ? id : -100) }];
  }));
}

/** What a way makes of a batch, as plain numbers. */
const numbers = ({ ids, supervised, targets, layout, tags, extra }: Inputs) => ({
  ids: [...ids.toArray()],
  supervised: [...supervised.toArray()],
  targets: [...targets.toArray()],
  positions: [...layout.positions.toArray()],
  starts: [...layout.starts!.toArray()],
  lengths: layout.lengths,
  span: layout.span,
  more: Object.entries({ ...tags, ...extra }).map(([name, tensor]) => [name, tensor.dtype, ...tensor.toNumbers()]),
});

const BATCHES = [[3, 5], [16], [40, 2, 1], [7], [200, 9], [1]].map((lengths, i) => batchOfLengths(lengths, 100 * i));

/** A batch of two pairs with a margin each, to which a stage has added a number for each supervised token and row. */
function pairs(): Batch {
  const documents = [[3, 4], [5, 2]].map((row) =>
    row.map((length) => ({ ids: new Int32Array(length).fill(length), labels: new Int32Array(length).fill(length) }))
  );
  const batch = batchOf(documents, { margin: Float32Array.of(0.5, -1.5) });
  const old = Float32Array.from({ length: batch.learned }, (_, i) => -i / 8);
  return {
    ...batch,
    extra: {
      old: { each: "supervised", values: old },
      group: { each: "row", values: Int32Array.of(7, 9) },
      weight: { each: "token", values: new Float32Array(14).fill(2) },
    },
  };
}

Deno.test("inputsOf() lays documents end to end, with padding as one more document on a CPU", () =>
  scope(() => {
    const { ids, supervised, targets, positions, starts, lengths, span } = numbers(inputsOf(BATCHES[0], "cpu"));
    assert.deepEqual(ids, [0, 1, 2, 3, 4, 5, 6, 7, ...Array(8).fill(0)]);
    assert.deepEqual(positions, [0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual([starts, lengths, span], [[0, 3, 8, 16], [3, 5, 8], 8]);
    assert.deepEqual([supervised.slice(0, 3), targets.slice(0, 3)], [[1, 6, 0], [2, 7, -100]]);
  }));

Deno.test("inputsOf() brings the tags of rows and what a stage added, each in its type", () =>
  scope(() => {
    const batch = pairs();
    assert.deepEqual([batch.rows, [...batch.rowStarts], [...batch.starts]], [2, [0, 2, 4], [0, 3, 7, 12, 14]]);
    const [margin, old, group, weight] = numbers(inputsOf(batch, "cpu")).more;
    assert.deepEqual(margin, ["margin", "f32", 0.5, -1.5]);
    assert.deepEqual(old, ["old", "f32", ...Array.from({ length: 10 }, (_, i) => -i / 8), ...Array(6).fill(0)]);
    assert.deepEqual(group, ["group", "i32", 7, 9]);
    assert.deepEqual(weight, ["weight", "f32", ...Array(14).fill(2), 0, 0]); // padded as the ids are
  }));

Deno.test("inputsOf() refuses numbers of a stage that are too few", () => {
  const extra = { old: { each: "supervised", values: new Float32Array(3) } } as const;
  assert.throws(() => inputsOf({ ...BATCHES[0], extra }, "cpu"), {
    name: "RangeError",
    message:
      'Cannot send "old" of a batch to the device: it has 3 numbers for 2 places; give one for each supervised token',
  });
});

Deno.test("inputsOf() takes ten thousand documents of one row", () =>
  scope(() => {
    const row = Array.from({ length: 10_000 }, () => ({ ids: Int32Array.of(1, 2), labels: Int32Array.of(-100, 2) }));
    const { layout, supervised } = inputsOf(batchOf([row]), "cpu");
    assert.deepEqual([layout.lengths.length, layout.span], [10_001, 480]); // the last one is padding
    assert.deepEqual([...supervised.toArray().subarray(9_998, 10_000)], [19_996, 19_998]);
  }));

Deno.test("Feed gives every batch as inputsOf() does, sent ahead or not, larger or smaller than the one before", () => {
  const before = live();
  {
    using feed = new Feed("cpu");
    const batches = [...BATCHES, pairs()];
    batches.forEach((batch, i) =>
      scope(() => {
        const taken = feed.take(batch);
        if (i % 2 === 0 && i + 1 < batches.length) feed.ahead(batches[i + 1]); // while this one is in use
        assert.deepEqual(numbers(taken), numbers(inputsOf(batch, "cpu")));
      })
    );
  }
  assert.equal(live(), before);
});

Deno.test("Feed refuses to send a batch over one that is still in use", () => {
  using feed = new Feed("cpu");
  scope(() => {
    const { ids } = feed.take(BATCHES[0]);
    feed.ahead(BATCHES[1]);
    feed.take(BATCHES[1]);
    assert.throws(() => feed.ahead(BATCHES[2]), {
      message:
        "Cannot send a batch: it would overwrite the one before the last, whose tensors are still in use; take each " +
        "batch in a scope of its own",
    });
    assert.equal(ids.toArray()[5], 5);
  });
  scope(() => assert.equal(feed.take(BATCHES[2]).layout.lengths[0], 40));
});

Deno.test("Feed makes no memory once it has met its largest batch", () => {
  using feed = new Feed("cpu");
  const addresses = new Set<bigint>();
  for (let i = 0; i < 8; i++) {
    scope(() => {
      const { ids } = feed.take(BATCHES[4]);
      const pointer = Deno.UnsafePointer.of(new Uint8Array(ids.hostBytes().buffer));
      addresses.add(Deno.UnsafePointer.value(pointer));
    });
  }
  assert.equal(addresses.size, 2);
});

Deno.test("Feed sends a batch again when another was taken in between", () => {
  using feed = new Feed("cpu");
  scope(() => {
    feed.ahead(BATCHES[2]);
    feed.take(BATCHES[3]);
  });
  scope(() => assert.deepEqual(numbers(feed.take(BATCHES[2])), numbers(inputsOf(BATCHES[2], "cpu"))));
});
