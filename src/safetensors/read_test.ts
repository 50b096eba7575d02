import assert from "node:assert/strict";
import { CheckpointError } from "../errors.ts";
import { BITS, type SafeDType } from "./dtype.ts";
import { parseHeader } from "./header.ts";
import { readHeader } from "./read.ts";
import { CASES, crafted } from "../../tests/support/safetensors_cases.ts";
import { mutations } from "../../tests/support/safetensors_changes.ts";

/** Runs `test` with the path of a file that holds `bytes`. */
async function withFile(bytes: Uint8Array, test: (path: string) => Promise<void>) {
  const path = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    await Deno.writeFile(path, bytes);
    await test(path);
  } finally {
    await Deno.remove(path);
  }
}

const refusal = (path: string, said: string) => (error: unknown) => {
  assert(error instanceof CheckpointError, String(error));
  assert(error.message.startsWith(`Cannot load "${path}": `), error.message);
  assert(error.message.includes(said), error.message);
  assert.match(error.message, /; (fetch|check|run) [^;.]+$/);
  assert(error.message.length < 400, "a sentence, not a page");
  return true;
};

for (const { rule, name, bytes, said } of CASES) {
  Deno.test(`readHeader() ${said ? "refuses" : "accepts"} by rule ${rule}: ${name}`, () =>
    withFile(bytes, async (path) => {
      if (said) await assert.rejects(readHeader(path), refusal(path, said));
      else await readHeader(path);
    }));
}

Deno.test("readHeader() tries at least one file for each rule but the last", () => {
  const tried = new Set(CASES.map(({ rule }) => rule));
  assert.deepEqual([...tried].sort((a, b) => a - b), Array.from({ length: 22 }, (_, i) => i + 1));
});

Deno.test("readHeader() refuses by rule 23: more than 1,000,000 tensors", () => {
  const header = (count: number) =>
    new TextEncoder().encode(`{${Array.from({ length: count }, (_, i) => `"${i}":0`).join(",")}}`);
  assert.throws(() => parseHeader(header(1_000_000), "x", 0), refusal("x", 'its tensor "0" is not an object'));
  assert.throws(
    () => parseHeader(header(1_000_001), "x", 0),
    refusal("x", "it has 1000001 tensors, but at most 1000000"),
  );
});

Deno.test("readHeader() knows the bits of every dtype", () =>
  withFile(new Uint8Array(), async (path) => {
    for (const [dtype, bits] of Object.entries(BITS)) {
      const header = `{"a":{"dtype":"${dtype}","shape":[2,4],"data_offsets":[0,${bits}]}}`;
      await Deno.writeFile(path, crafted(header, bits));
      const { tensors } = await readHeader(path);
      const start = 8 + header.length;
      assert.deepEqual(tensors.get("a"), { dtype: dtype as SafeDType, shape: [2, 4], start, end: start + bits });
    }
  }));

Deno.test("readHeader() gives tensors in the order of their bytes, metadata, and a note of what it ignored", () => {
  const b = '"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3],"device":"cpu"}';
  const a = '"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"device":"cpu","x":[]}';
  const header = `{"__metadata__":{"format":"pt","__proto__":"p"},${b},${a}}`;
  return withFile(crafted(header, 3), async (path) => {
    const { tensors, metadata, notes } = await readHeader(path);
    const base = 8 + header.length;
    assert.deepEqual([...tensors], [
      ["a", { dtype: "U8", shape: [], start: base, end: base + 1 }],
      ["b", { dtype: "U8", shape: [2], start: base + 1, end: base + 3 }],
    ]);
    assert.deepEqual(Object.entries(metadata), [["format", "pt"], ["__proto__", "p"]]);
    assert.deepEqual(notes, [`"${path}" has fields that ftx ignores: "device", "x"`]);
  });
});

Deno.test("readHeader() refuses a missing file, a folder and a pipe", async () => {
  const folder = await Deno.makeTempDir();
  const missing = { message: `Cannot load "${folder}/x": there is no such file; check the path` };
  await assert.rejects(readHeader(`${folder}/x`), missing);
  await assert.rejects(readHeader(folder), { message: `Cannot load "${folder}": it is a folder; check the path` });
  await assert.rejects(readHeader("/dev/null"), {
    message: 'Cannot load "/dev/null": it is a device; check the path',
  });
  await Deno.remove(folder);
});

Deno.test("parseHeader() survives 20,000 random changes with an answer or a CheckpointError", () => {
  let accepted = 0;
  for (const bytes of mutations(20_000)) {
    const end = 8 + Number(new DataView(bytes.buffer).getBigUint64(0, true));
    try {
      parseHeader(bytes.subarray(8, end), "x", bytes.length - end);
      accepted++;
    } catch (error) {
      assert(error instanceof CheckpointError, String(error));
    }
  }
  assert(accepted > 0);
});
