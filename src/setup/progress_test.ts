import assert from "node:assert/strict";
import { megabytes, progress } from "./progress.ts";

Deno.test("progress() returns what the work returns, and lets its error through", async () => {
  assert.equal(await progress("counting", () => "3", () => Promise.resolve(3)), 3);
  await assert.rejects(progress("counting", () => "3", () => Promise.reject(new Error("lost count"))), /lost count/);
});

Deno.test("megabytes() counts as download pages do", () => {
  assert.equal(megabytes(191_794_682), "192 MB");
});
