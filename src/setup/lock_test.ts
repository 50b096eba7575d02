import assert from "node:assert/strict";
import { lock } from "./lock.ts";

const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

Deno.test("lock() lets the second one wait until the first is done, and says so", async () => {
  const events: string[] = [];
  const second = async () => {
    using _held = await lock(`${home}/lock`, () => events.push("second waits"));
    events.push("second works");
  };
  let waiting: Promise<void>;
  {
    using _held = await lock(`${home}/lock`, () => assert.fail("nobody holds it"));
    waiting = second();
    while (events.length === 0) await new Promise((done) => setTimeout(done, 5));
    events.push("first is done");
  }
  await waiting;
  assert.deepEqual(events, ["second waits", "first is done", "second works"]);
});
