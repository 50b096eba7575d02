import assert from "node:assert/strict";
import { Tokenizer } from "../../tokenizer/mod.ts";
import { cutInBlocks } from "../sets/blocks.ts";
import { DocumentsBuilder } from "../sets/documents.ts";
import { encodeTexts } from "./text.ts";

const tokenizer = await Tokenizer.load(new URL("../../../tests/fixtures/tokenizer", import.meta.url).pathname);
const withBos = Object.assign(Object.create(tokenizer), {
  addsBos: true,
  encodeBatch: tokenizer.encodeBatch.bind(tokenizer),
  decode: tokenizer.decode.bind(tokenizer),
});

async function texts(given: Tokenizer, cutoffLen?: number) {
  const encoded = await encodeTexts(["How do I", "x"], given, { cutoffLen });
  return await Promise.all(encoded.map((e) => "ids" in e ? tokenizer.decode(e.ids) : e.dropped));
}

Deno.test("encodeTexts() ends texts with EOS and begins them with BOS where the tokenizer does", async () => {
  assert.deepEqual(await texts(tokenizer, 99), ["How do I<|endoftext|>", "x<|endoftext|>"]);
  assert.deepEqual(await texts(withBos, 99), [
    "<|begin_of_text|>How do I<|endoftext|>",
    "<|begin_of_text|>x<|endoftext|>",
  ]);
  assert.deepEqual(await texts(withBos, 2), ["<|begin_of_text|>How", "<|begin_of_text|>x"]);
});

Deno.test("encodeTexts() leaves BOS and the cut to the blocks without cutoffLen", async () => {
  assert.deepEqual(await texts(withBos), ["How do I<|endoftext|>", "x<|endoftext|>"]);
});

function blocks(lengths: number[], cutoffLen: number, bos?: number): number[][] {
  const builder = new DocumentsBuilder();
  let next = 1;
  for (const length of lengths) {
    const ids = Array.from({ length }, () => next++);
    builder.add(ids, ids);
  }
  const documents = builder.build();
  const { ids, offsets } = cutInBlocks(documents, Int32Array.from(lengths.keys()), cutoffLen, bos);
  return Array.from({ length: offsets.length - 1 }, (_, i) => Array.from(ids.subarray(offsets[i], offsets[i + 1])));
}

Deno.test("cutInBlocks() joins documents, cuts and keeps the remainder", () => {
  assert.deepEqual(blocks([3, 6, 2], 4), [[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11]]);
  assert.deepEqual(blocks([4, 4], 4), [[1, 2, 3, 4], [5, 6, 7, 8]]);
});

Deno.test("cutInBlocks() puts BOS in front of each block without losing a token", () => {
  assert.deepEqual(blocks([3, 6], 4, 0), [[0, 1, 2, 3], [0, 4, 5, 6], [0, 7, 8, 9]]);
});
