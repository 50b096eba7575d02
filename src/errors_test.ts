import assert from "node:assert/strict";
import { FtxError, quoted } from "./errors.ts";

Deno.test("FtxError keeps sentences as they are, a line each", () => {
  const sentences = 'Cannot load "é": it is empty; fetch it again\nCannot use lora_rank = 0: it must be at least 1';
  assert.equal(new FtxError(sentences).message, sentences);
});

Deno.test("FtxError leaves out what would write on the screen, and the middle of what would fill it", () => {
  const { message } = new FtxError(`Cannot load "\x1b[2J${"x".repeat(5000)}": it is too long; use a shorter name`);
  assert.equal(message.length, 1203);
  assert.ok(message.startsWith('Cannot load "[2Jxxx'));
  assert.ok(message.endsWith('xxx": it is too long; use a shorter name'));
});

Deno.test("quoted() puts others' words on one line of at most 100 characters", () => {
  assert.equal(quoted("  a\n b\t\x07c "), '"a b c"');
  assert.equal(quoted("x".repeat(101)), `"${"x".repeat(100)}…"`);
  assert.equal(quoted("x".repeat(99) + "😀"), `"${"x".repeat(99)}\ufffd…"`);
});
