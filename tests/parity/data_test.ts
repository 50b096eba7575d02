// Orders and packs against HF's Trainer and TRL: fixtures/data.json, made by data.py.
import assert from "node:assert/strict";
import { Random } from "../../src/data/sets/random.ts";
import { groupedOrder } from "../../src/data/sets/order.ts";
import { packBestFit } from "../../src/data/sets/pack.ts";

const golden = JSON.parse(Deno.readTextFileSync(new URL("fixtures/data.json", import.meta.url)));

Deno.test("rows come in the order of HF's Trainer, epoch after epoch", () => {
  for (const { rows, seed, dataSeed, order } of golden.trained) {
    const ours = [0, 1, 2].flatMap((epoch) => Array.from(new Random((dataSeed ?? seed) + epoch).permutation(rows)));
    assert.deepEqual(ours, order);
  }
});

Deno.test("Random.permutation() equals torch.randperm", () => {
  for (const { rows, seed, head, tail } of golden.permutations) {
    const order = Array.from(new Random(seed).permutation(rows));
    assert.deepEqual([order.slice(0, 12), order.slice(-12)], [head, tail]);
  }
});

Deno.test("groupedOrder() equals get_length_grouped_indices", () => {
  for (const { lengths, batch, seed, order } of golden.grouped) {
    assert.deepEqual(Array.from(groupedOrder(Int32Array.from(lengths), batch, new Random(seed))), order);
  }
});

Deno.test("packBestFit() packs as TRL's bfd", () => {
  for (const { lengths, capacity, packs } of golden.packed) {
    const { members, starts } = packBestFit(Int32Array.from(lengths), Int32Array.from(lengths.keys()), capacity);
    const ours = Array.from(
      { length: starts.length - 1 },
      (_, i) => Array.from(members.subarray(starts[i], starts[i + 1])),
    );
    assert.deepEqual(ours, packs);
  }
});

Deno.test("packBestFit() takes no more memory for a capacity that no row can fill", () => {
  const { members, starts } = packBestFit(Int32Array.of(3, 5, 2), Int32Array.of(0, 1, 2), 2 ** 31 - 1);
  assert.deepEqual([[...members], [...starts]], [[1, 0, 2], [0, 3]]);
});
