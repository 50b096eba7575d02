import assert from "node:assert/strict";
import { writing } from "./storage.ts";

Deno.test("writing() tells a full disk from a bug", async () => {
  const full = () => Promise.reject(Object.assign(new Error("write failed"), { code: "ENOSPC" }));
  await assert.rejects(writing("/cache", "free 2 GB", full), {
    name: "StorageError",
    exitCode: 6,
    message: 'Cannot write into "/cache": the disk is full; free 2 GB',
  });
  const bug = new TypeError("a bug");
  await assert.rejects(writing("/cache", "free 2 GB", () => Promise.reject(bug)), bug);
});
