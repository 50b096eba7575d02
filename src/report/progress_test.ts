import assert from "node:assert/strict";
import { Progress } from "./progress.ts";

Deno.test("Progress tells bytes, rate and time to go of all files together", () => {
  const told: string[] = [];
  let now = 0;
  const progress = new Progress(
    "org/model",
    100 * 2 ** 20,
    { say() {}, tell: (text) => told.push(text), clear() {} },
    () => now,
  );
  progress.add(20 * 2 ** 20, false); // from an earlier try: it says nothing of the rate
  for (let second = 1; second <= 10; second++) {
    now = 1000 * second;
    progress.add(4 * 2 ** 20);
  }
  assert.equal(told[0], "Downloading org/model: 20 MiB of 100 MiB");
  assert.equal(told.at(-1), "Downloading org/model: 60 MiB of 100 MiB, 4 MiB/s, 0:00:10 left");
});

Deno.test("Progress forgets how quick it was some seconds ago, and takes back what came for nothing", () => {
  let text = "", now = 0;
  const progress = new Progress("x", 1000 * 2 ** 20, { say() {}, tell: (t) => text = t, clear() {} }, () => now);
  now = 1000;
  progress.add(500 * 2 ** 20);
  for (; now <= 10_000; now += 1000) progress.add(2 ** 20);
  assert.match(text, /, 1 MiB\/s, /);
  progress.add(-510 * 2 ** 20, false);
  assert.match(text, /^Downloading x: 0 KiB of 1000 MiB/);
});
