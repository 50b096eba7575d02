import assert from "node:assert/strict";
import { prune, writing } from "./storage.ts";

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

Deno.test("prune() deletes what is older than a week, except what is in use", () => {
  const folder = Deno.makeTempDirSync(), day = 24 * 3600e3;
  for (const name of ["old", "new", "used"]) Deno.mkdirSync(`${folder}/${name}`);
  const names = () => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();
  prune(folder, new Set([`${folder}/used`]), Date.now() + 6 * day);
  assert.deepEqual(names(), ["new", "old", "used"]);
  Deno.utimeSync(`${folder}/new`, Date.now() / 1000, Date.now() / 1000 + 5 * 24 * 3600);
  prune(folder, new Set([`${folder}/used`]), Date.now() + 8 * day);
  assert.deepEqual(names(), ["new", "used"]);
  Deno.removeSync(folder, { recursive: true });
});
