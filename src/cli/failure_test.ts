import assert from "node:assert/strict";
import { DataError, FtxError } from "../errors.ts";
import { explain } from "./failure.ts";

Deno.test("explain() gives an FtxError's sentences, one a line, and its exit code", () => {
  assert.deepEqual(explain(new FtxError("Cannot a: b\nCannot c: d")), {
    text: "error: Cannot a: b\nerror: Cannot c: d",
    exitCode: 2,
  });
  assert.equal(explain(new DataError("x")).exitCode, 5);
  assert.equal(explain(new DataError("x"), { colour: true }).text, "\x1b[31merror:\x1b[39m x");
});

Deno.test("explain() takes a failing disk for storage", () => {
  const full = Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" });
  assert.deepEqual(explain(full), {
    text: "error: Cannot go on: the disk is full; free some space (No space left on device (os error 28))",
    exitCode: 6,
  });
  assert.equal(explain(new Error("Read-only file system (os error 30)")).exitCode, 6);
  assert.equal(explain(new Deno.errors.PermissionDenied("open 'x'")).exitCode, 6);
});

Deno.test("explain() takes a failed allocation for memory", () => {
  assert.deepEqual(explain(new RangeError("Array buffer allocation failed")), {
    text: "error: Cannot go on: there is not enough memory (Array buffer allocation failed)",
    exitCode: 3,
  });
});

Deno.test("explain() calls anything else a bug, in one sentence; the stack is for --debug", () => {
  const { text, exitCode } = explain(new TypeError("x is undefined\nmore"));
  assert.equal(text, "error: Cannot go on: ftx has a bug (x is undefined); run again with --debug");
  assert.equal(exitCode, 1);
  assert.match(explain(new TypeError("x"), { debug: true }).text, /\n +at .*failure_test\.ts/);
  assert.equal(explain("text").text, "error: Cannot go on: ftx has a bug (text); run again with --debug");
});

Deno.test("explain() is quiet when the reader of stdout is gone", () => {
  assert.deepEqual(explain(new Deno.errors.BrokenPipe("Broken pipe (os error 32)")), { text: "", exitCode: 0 });
});
