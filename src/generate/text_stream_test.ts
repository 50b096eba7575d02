import assert from "node:assert/strict";
import { Tokenizer } from "../tokenizer/mod.ts";
import { TextStream } from "./text_stream.ts";

const folder = new URL("../../tests/fixtures/tokenizer", import.meta.url).pathname;
const tokenizer = await Tokenizer.load(folder);

/** The pieces that a stream gives for ids. */
async function pieces(ids: number[], from: Pick<Tokenizer, "decode"> = tokenizer, options = {}): Promise<string[]> {
  const stream = new TextStream(from, options);
  const given: string[] = [];
  for (const id of ids) given.push(await stream.push(id));
  given.push(await stream.end());
  return given;
}

Deno.test("TextStream gives the text of all ids, piece by piece", async () => {
  for (
    const text of [
      "How do I list all images?",
      "  two spaces, a\ttab\n\n\nlines ",
      "naïve Grüße, 你好世界, こんにちは",
      "🙂 👩‍👩‍👧‍👦 🇩🇪 family",
      "",
    ]
  ) {
    const ids = await tokenizer.encode(text);
    assert.equal((await pieces(ids)).join(""), text);
  }
});

Deno.test("TextStream holds a character back until all of its tokens have arrived", async () => {
  const ids = await tokenizer.encode("a🙂b");
  assert.equal(ids.length, 6); // the emoji is four tokens
  assert.deepEqual(await pieces(ids), ["a", "", "", "", "🙂", "b", ""]);
});

Deno.test("TextStream returns what is left of a character that was never completed", async () => {
  const ids = (await tokenizer.encode("a🙂")).slice(0, -1);
  assert.deepEqual((await pieces(ids)).join(""), await tokenizer.decode(ids));
  assert.equal((await pieces(ids)).join(""), "a\ufffd");
});

Deno.test("TextStream leaves special tokens out, or shows them", async () => {
  const ids = await tokenizer.encode("a<|im_end|>b");
  assert.deepEqual(await pieces(ids), ["a", "", "b", ""]);
  assert.deepEqual(await pieces(ids, tokenizer, { skipSpecial: false }), ["a", "<|im_end|>", "b", ""]);
});

Deno.test("TextStream keeps the spaces that SentencePiece decoders drop at the start of a text", async () => {
  const words = ["▁Hello", "▁big", "▁", "▁wor", "ld", "▁!"];
  const decode = (ids: ArrayLike<number>) =>
    Promise.resolve(Array.from(ids, (id) => words[id]).join("").replaceAll("▁", " ").replace(/^ /, ""));
  assert.equal((await pieces([0, 1, 2, 3, 4, 5], { decode })).join(""), "Hello big  world !");
  assert.equal((await pieces([2, 0], { decode })).join(""), " Hello");
});
