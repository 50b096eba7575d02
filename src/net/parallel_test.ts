import assert from "node:assert/strict";
import { parallel } from "./parallel.ts";

const later = () => new Promise<void>((done) => setTimeout(done, 1));

Deno.test("parallel() works on all items, so many at a time", async () => {
  const done: number[] = [];
  let now = 0, most = 0;
  await parallel([1, 2, 3, 4, 5].values(), 2, async (item) => {
    most = Math.max(most, ++now);
    await later();
    now--;
    done.push(item);
  });
  assert.deepEqual([done.sort(), most], [[1, 2, 3, 4, 5], 2]);
});

Deno.test("parallel() begins nothing after a failure, and lets end what was begun", async () => {
  const begun: number[] = [], ended: number[] = [];
  await assert.rejects(
    parallel([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      if (item === 1) throw new Error("no");
      await later();
      ended.push(item);
    }),
    { message: "no" },
  );
  assert.deepEqual([begun, ended], [[1, 2], [2]]);
});
