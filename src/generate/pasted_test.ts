import assert from "node:assert/strict";
import { PasteReader } from "./pasted.ts";

/** What the editor sees of input that arrives in these parts. */
const seen = (...chunks: string[]) => {
  const reader = new PasteReader();
  return chunks.map((chunk) => reader.take(chunk));
};

Deno.test("PasteReader lets typed text, Enter and arrow keys through", () => {
  const typed = ["a", "b", "\r", "\x1b[A", "\x03", "\x04", "c\r", "\x1b", "\x7f"];
  assert.deepEqual(seen(...typed), typed);
});

Deno.test("PasteReader makes one line of a framed paste, without control characters", () => {
  assert.deepEqual(seen("\x1b[200~one\ntwo\r\nthree\tfour\x03\x1b[A\n\x1b[201~\r"), [
    "one⏎two⏎three  four[A⏎\r",
  ]);
  assert.deepEqual(seen("x\x1b[200~a\n", "b\n", "c\x1b[201~", "\r"), ["xa⏎", "b⏎", "c", "\r"]);
});

Deno.test("PasteReader puts a mark together that arrives in two parts", () => {
  assert.deepEqual(seen("\x1b[20", "0~a\nb\x1b[2", "01~c"), ["", "a⏎b", "c"]);
  assert.deepEqual(seen("\x1b[2", "~x"), ["", "\x1b[2~x"]); // another key that begins so
});

Deno.test("PasteReader recognises a paste without a frame by its speed", () => {
  assert.deepEqual(seen("one\rtwo\rthree"), ["one⏎two⏎three"]);
  assert.deepEqual(seen("one\ntwo\n"), ["one⏎two\n"]);
  assert.deepEqual(seen("one\r\n"), ["one\r\n"]);
});
