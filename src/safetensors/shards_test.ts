import assert from "node:assert/strict";
import { shards } from "./shards.ts";

const tensor = (bytes: number) => ({ dtype: "U8", shape: [bytes] } as const);
/** Sizes of the tensors in each file. */
const groups = (sizes: number[], max: number) =>
  shards(sizes.map((size, i) => [`t${i}`, tensor(size)] as const), max).files.map(({ tensors }) =>
    tensors.map((name) => sizes[Number(name.slice(1))])
  );

Deno.test("shards() fills files in order and starts the next where a tensor does not fit", () => {
  assert.deepEqual(groups([6, 6, 2, 6, 2, 2], 10), [[6], [6, 2], [6, 2, 2]]);
  assert.deepEqual(groups([5, 5], 10), [[5, 5]]);
  assert.deepEqual(groups([], 10), [[]]);
});

Deno.test("shards() gives a tensor that is too large a file of its own, before the one that is being filled", () => {
  assert.deepEqual(groups([2, 11, 3], 10), [[11], [2, 3]]);
});

Deno.test("shards() names one file without a number and needs no index", () => {
  assert.deepEqual(shards([["a", tensor(1)]], 10), {
    files: [{ name: "model.safetensors", tensors: ["a"] }],
    index: null,
  });
});

Deno.test("shards() names several files as transformers does, with an index", () => {
  const { files, index } = shards([["b", { dtype: "F32", shape: [2] }], ["a", { dtype: "BF16", shape: [3] }]], 8);
  assert.deepEqual(files, [
    { name: "model-00001-of-00002.safetensors", tensors: ["b"] },
    { name: "model-00002-of-00002.safetensors", tensors: ["a"] },
  ]);
  assert.equal(
    index,
    `{
  "metadata": {
    "total_parameters": 5,
    "total_size": 14
  },
  "weight_map": {
    "a": "model-00002-of-00002.safetensors",
    "b": "model-00001-of-00002.safetensors"
  }
}
`,
  );
});
