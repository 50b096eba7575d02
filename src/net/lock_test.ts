import assert from "node:assert/strict";
import { Lock } from "./lock.ts";

const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

Deno.test("Lock.take() lets the second one wait until the first is done, and says so", async () => {
  const events: string[] = [];
  const second = async () => {
    using _held = await Lock.take(`${home}/lock`, () => events.push("second waits"));
    events.push("second works");
  };
  let waiting: Promise<void>;
  {
    using _held = await Lock.take(`${home}/lock`, () => assert.fail("nobody holds it"));
    waiting = second();
    while (events.length === 0) await new Promise((done) => setTimeout(done, 5));
    events.push("first is done");
  }
  await waiting;
  assert.deepEqual(events, ["second waits", "first is done", "second works"]);
});

Deno.test("Lock.tryTake() gives a lock to one only, and to the next once it is released", () => {
  for (let i = 0; i < 2; i++) {
    using held = Lock.tryTake(`${home}/other`);
    assert.ok(held);
    assert.equal(Lock.tryTake(`${home}/other`), undefined);
  }
});

Deno.test("Lock.take() does not take the lock of a file that was removed meanwhile", async () => {
  const path = `${home}/removed`, first = await Lock.take(path);
  let waits = false;
  const second = Lock.take(path, () => waits = true);
  while (!waits) await new Promise((done) => setTimeout(done, 5));
  Deno.removeSync(path);
  first[Symbol.dispose]();
  using held = await second;
  assert.equal(held.file.statSync().ino, Deno.statSync(path).ino);
});
