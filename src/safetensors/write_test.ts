import assert from "node:assert/strict";
import { inFolder } from "../../tests/in_folder.ts";
import { createHash } from "node:crypto";
import { StorageError } from "../errors.ts";
import { readHeader } from "./read.ts";
import { storageError, type TensorSource, writeSafetensors } from "./write.ts";

const floats = (...values: number[]) => new Uint8Array(new Float32Array(values).buffer);

/** A sink that takes at most `most` bytes at once and remembers them. */
function memory(most = Infinity) {
  const pieces: number[] = [];
  const write = (piece: Uint8Array) => {
    const taken = piece.subarray(0, most);
    pieces.push(...taken);
    return Promise.resolve(taken.length);
  };
  return { pieces, write };
}

Deno.test("writeSafetensors() writes the header of the format, then the bytes", async () => {
  const sink = memory();
  await writeSafetensors(sink, [
    ["b", { dtype: "U8", shape: [3], data: new Uint8Array([1, 2, 3]) }],
    ["a", { dtype: "F32", shape: [], data: floats(0) }],
  ], { format: "pt" });
  const json = '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[],"data_offsets":[0,4]},' +
    '"b":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}}';
  const length = Math.ceil(json.length / 8) * 8;
  const text = new TextDecoder().decode(Uint8Array.from(sink.pieces.slice(8, 8 + length)));
  assert.equal(text, json.padEnd(length));
  assert.deepEqual(sink.pieces.slice(0, 8), [length, 0, 0, 0, 0, 0, 0, 0]);
  assert.deepEqual(sink.pieces.slice(8 + length), [0, 0, 0, 0, 1, 2, 3]);
});

Deno.test("writeSafetensors() gives the file's length and hash, and tells its progress in pieces of 8 MiB", () =>
  inFolder(async (folder) => {
    const data = new Uint8Array(20 * 2 ** 20).map((_, i) => i * 7);
    const told: number[] = [];
    const path = `${folder}/x`;
    const written = await writeSafetensors(path, [["x", { dtype: "U8", shape: [data.length], data }]], {}, (bytes) => {
      told.push(bytes);
    });
    const bytes = await Deno.readFile(path);
    assert.deepEqual(written, { bytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") });
    const header = bytes.length - data.length;
    assert.deepEqual(told, [header, header + 2 ** 23, header + 2 ** 24, bytes.length]);
    const { start, end } = (await readHeader(path)).tensors.get("x")!;
    assert(data.every((byte, i) => byte === bytes[start + i]) && end === bytes.length);
  }));

Deno.test("writeSafetensors() asks for each tensor's bytes only when it writes them", async () => {
  const sink = memory();
  const asked: [string, number][] = [];
  const tensor = (name: string): [string, TensorSource] => [name, {
    dtype: "F32",
    shape: [2],
    data: () => (asked.push([name, sink.pieces.length]), Promise.resolve(floats(1, 2))),
  }];
  const { bytes } = await writeSafetensors(sink, [tensor("c"), tensor("a"), tensor("b")]);
  assert.deepEqual(asked, [["a", bytes - 24], ["b", bytes - 16], ["c", bytes - 8]]);
});

Deno.test("writeSafetensors() writes on when a sink takes less than it is given", async () => {
  const tensors: [string, TensorSource][] = [["x", { dtype: "F32", shape: [3], data: floats(1, 2, 3) }]];
  const [whole, little] = [memory(), memory(5)];
  assert.deepEqual(await writeSafetensors(whole, tensors), await writeSafetensors(little, tensors));
  assert.deepEqual(whole.pieces, little.pieces);
});

Deno.test("writeSafetensors() refuses to write over a file", () =>
  inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/x`, "mine");
    const message = `Cannot write "${folder}/x": it already exists; remove it or choose another name`;
    await assert.rejects(writeSafetensors(`${folder}/x`, []), new StorageError(message));
    assert.equal(await Deno.readTextFile(`${folder}/x`), "mine");
  }));

Deno.test("writeSafetensors() leaves no file behind when it fails", () =>
  inFolder(async (folder) => {
    const broken = () => Promise.reject(new Error("the GPU is gone"));
    const writing = writeSafetensors(`${folder}/x`, [["x", { dtype: "F32", shape: [1], data: broken }]]);
    await assert.rejects(writing, { message: "the GPU is gone" });
    assert.deepEqual([...Deno.readDirSync(folder)], []);
  }));

Deno.test("storageError() says that the disk is full", async () => {
  using full = await Deno.open("/dev/full", { write: true });
  const writing = writeSafetensors(full, []).catch((error) => {
    throw storageError(error, "x");
  });
  const message = 'Cannot write "x": the disk is full; free some space or choose another folder';
  await assert.rejects(writing, new StorageError(message));
});

Deno.test("writeSafetensors() names a folder that does not exist", async () => {
  const message = 'Cannot write "/nowhere/x": its folder does not exist; create the folder first';
  await assert.rejects(writeSafetensors("/nowhere/x", []), new StorageError(message));
});

const x: TensorSource = { dtype: "F32", shape: [1], data: floats(1) };
const bad: [[string, TensorSource][], string][] = [
  [[["x", x], ["x", x]], 'Cannot save tensor "x": the name appears twice; rename or reshape it'],
  [
    [["x", x], ["x", { ...x, dtype: "U32" }]],
    'Cannot save tensor "x": the name appears twice; rename or reshape it',
  ],
  [
    [["__metadata__", x]],
    'Cannot save tensor "__metadata__": a safetensors file cannot contain this name; rename or reshape it',
  ],
  [
    [["\ud800", x]],
    'Cannot save tensor "\\ud800": a safetensors file cannot contain this name; rename or reshape it',
  ],
  [
    [["x", { ...x, dtype: "F4", shape: [3] }]],
    'Cannot save tensor "x": F4 [3] is not a whole number of bytes; rename or reshape it',
  ],
  [[["x", { ...x, shape: [2] }]], 'Cannot save tensor "x": F32 [2] does not have 4 bytes'],
];
for (const [tensors, message] of bad) {
  Deno.test(`writeSafetensors() refuses: ${message}`, () =>
    assert.rejects(writeSafetensors(memory(), tensors), { message }));
}
