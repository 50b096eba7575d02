// A first start that is killed at any moment leaves nothing that a later one takes for whole.
import assert from "node:assert/strict";
import { Small } from "./small.ts";

const small = await Small.build(6 << 20);
Deno.test.afterAll(() => small[Symbol.asyncDispose]());

async function checkNextStart(): Promise<void> {
  await checkStart();
  assert.deepEqual(small.entries(), [small.unpacked().slice(-32), "lock"]); // what the killed one left is gone
}
async function checkStart(): Promise<void> {
  assert.deepEqual(await small.start(), { code: 0, out: small.line(), err: "" });
  assert.equal(Deno.statSync(`${small.unpacked()}/noise`).size, 6 << 20);
}

const hasStrace = await new Deno.Command("strace", { args: ["-o", "/dev/null", "true"] }).output().then(
  ({ success }) => success,
  () => false,
);

// The calls that change the disk, and at which of them the process is killed.
const CALLS: Record<string, number[]> = {
  mkdir: [1, 2, 3, 4],
  openat: [3, 5, 6, 8],
  write: [1, 2, 5, 9],
  fchmod: [1, 3],
  utimensat: [1, 4],
  sync_file_range: [2, 5],
  fsync: [1], // by some thread
  rename: [1],
};

Deno.test({
  name: `a first start killed at a call to the system is made up for by the next${
    hasStrace ? "" : " (strace does not work here: skipped)"
  }`,
  ignore: !hasStrace,
  async fn() {
    let killed = 0;
    for (const [call, counts] of Object.entries(CALLS)) {
      for (const count of counts) {
        await small.forget();
        const inject = `inject=${call}:signal=SIGKILL:when=${count}`;
        const { code } = await small.start([], { through: ["strace", "-f", "-o", "/dev/null", "-e", inject] });
        killed += Number(code === 137);
        await checkNextStart();
      }
    }
    assert.equal(killed, Object.values(CALLS).flat().length, "every kill hit");
  },
});

Deno.test("a first start killed at any time is made up for by the next", async () => {
  await small.forget();
  const began = performance.now();
  await small.start();
  const whole = performance.now() - began;
  for (let part = 1; part <= 6; part++) {
    await small.forget();
    const child = new Deno.Command(small.file, { env: { HOME: small.home }, clearEnv: true, stdout: "null" }).spawn();
    await new Promise((resolve) => setTimeout(resolve, whole * part / 6));
    try {
      child.kill("SIGKILL");
    } catch {
      // it was faster
    }
    await child.status;
    await checkNextStart();
  }
});

Deno.test("a later start that is killed harms nothing, and one that unpacks again may be killed as well", async () => {
  await small.start();
  for (let part = 1; part <= 4; part++) {
    await Deno.truncate(`${small.unpacked()}/noise`, part);
    const child = new Deno.Command(small.file, { env: { HOME: small.home }, clearEnv: true, stdout: "null" }).spawn();
    await new Promise((resolve) => setTimeout(resolve, part * 10));
    try {
      child.kill("SIGKILL");
    } catch {
      // it was faster
    }
    await child.status;
    await checkStart(); // a kill between the new folder's coming and the old one's going leaves the old one
  }
  await Deno.truncate(`${small.unpacked()}/noise`, 5);
  await checkNextStart(); // and who unpacks next clears it away
});
