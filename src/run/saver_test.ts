import assert from "node:assert/strict";
import { StorageError } from "../errors.ts";
import { listCheckpoints, newestCheckpoint } from "./checkpoint.ts";
import { Saver } from "./saver.ts";
import type { FolderWriter } from "./writer.ts";

const facts = { ftx: "0", libtorch: "0", run: "r" };

function begin(options: Partial<ConstructorParameters<typeof Saver>[1]> = {}) {
  const path = Deno.makeTempDirSync();
  const warnings: string[] = [];
  const saver = new Saver(path, {
    facts,
    warn: (text) => warnings.push(text.replaceAll(path, "out").replace(/\d+ [KMG]iB/, "N MiB")),
    ...options,
  });
  const dispose = () => Deno.removeSync(path, { recursive: true });
  return { path, saver, warnings, [Symbol.dispose]: dispose };
}

const steps = async (path: string) => (await listCheckpoints(path)).map(({ step }) => step).reverse();

const small = (writer: FolderWriter) => writer.bytes("a", "a");

// As node:fs and Deno report it: an error with a code.
const fullDisk = async (writer: FolderWriter) => {
  await writer.bytes("a", "a");
  throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
};

Deno.test("Saver saves in the background, one at a time", async () => {
  using run = begin();
  const log: string[] = [];
  const slow = (step: number) => async (writer: FolderWriter) => {
    log.push(`begin ${step}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await writer.bytes("a", "a");
    log.push(`end ${step}`);
  };
  await run.saver.save(1, slow(1));
  log.push("training continues");
  await run.saver.save(2, slow(2));
  await run.saver.settle();
  assert.deepEqual(log.filter((line) => line !== "begin 1"), ["training continues", "end 1", "begin 2", "end 2"]);
  assert.equal(run.saver.newest, 2);
});

Deno.test("Saver keeps save_total_limit checkpoints, the best among them", async () => {
  using run = begin({ limit: 2 });
  for (const step of [1, 2, 3, 4, 5]) {
    await run.saver.save(step, small);
    await run.saver.settle();
    if (step === 2) run.saver.best = 2;
  }
  assert.deepEqual(await steps(run.path), [2, 5]);
});

Deno.test("Saver with save_total_limit = 1 keeps the best besides the newest, as HF does", async () => {
  using run = begin({ limit: 1 });
  for (const step of [1, 2, 3]) {
    await run.saver.save(step, small);
    await run.saver.settle();
    if (step === 1) run.saver.best = 1;
  }
  assert.deepEqual(await steps(run.path), [1, 3]);
});

Deno.test("Saver warns when the disk is full, keeps the older checkpoint, and continues", async () => {
  using run = begin();
  await run.saver.save(1, small);
  await run.saver.save(2, fullDisk);
  await run.saver.settle();
  assert.deepEqual(run.warnings, [
    'Cannot write "out/checkpoint-2/a": no space left on device (N MiB are free); checkpoint-1 is intact, training continues and will try again at the next save (failure 1 of 3)',
  ]);
  assert.equal((await newestCheckpoint(run.path)).checkpoint?.step, 1);
  await run.saver.save(3, small);
  await run.saver.settle();
  assert.deepEqual([...Deno.readDirSync(run.path)].map(({ name }) => name).sort(), ["checkpoint-1", "checkpoint-3"]);
});

Deno.test("Saver ends the run after three failures in a row, not after three in all", async () => {
  using run = begin();
  const saves = [fullDisk, fullDisk, small, fullDisk, fullDisk, fullDisk];
  for (const [index, files] of saves.entries()) await run.saver.save(index + 1, files);
  await assert.rejects(run.saver.settle(), (error: Error) => {
    assert(error instanceof StorageError);
    assert.equal(error.exitCode, 6);
    assert.match(
      error.message,
      /this was the third failure in a row, checkpoint-3 is intact; make room and continue with --resume$/,
    );
    return true;
  });
  assert.equal(run.warnings.length, 4);
  await assert.rejects(run.saver.save(9, small), StorageError);
});

Deno.test("Saver ends the run at once when the failure is a bug", async () => {
  using run = begin();
  await run.saver.save(1, () => Promise.reject(new TypeError("x is undefined")));
  await assert.rejects(run.saver.settle(), new TypeError("x is undefined"));
  assert.deepEqual(run.warnings, []);
});

Deno.test("Saver survives a disk of 24 MiB that fills up, and a run resumes from it once there is room", async (t) => {
  using run = begin({ limit: 3 });
  const disk = `${run.path}/disk`;
  Deno.mkdirSync(disk);
  const mount = await new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", "size=24m", "tmpfs", disk] }).output()
    .catch(() => undefined);
  if (!mount?.success) return console.log(`${t.name}: skipped, this user may not mount a tmpfs`);
  try {
    const warnings: string[] = [];
    const saver = new Saver(disk, { facts, warn: (text) => warnings.push(text) });
    const large = (writer: FolderWriter) => writer.bytes("a", new Uint8Array(10 * 2 ** 20));
    for (const step of [1, 2]) await saver.save(step, large);
    for (const bytes of [0, 10 * 2 ** 20]) { // found out by the reservation, and by the question before it
      await saver.save(3, large, bytes);
      await saver.settle();
    }
    assert.deepEqual(warnings.map((text) => text.replaceAll(disk, "disk").split(";")[0]), [
      'Cannot write "disk/checkpoint-3/a": no space left on device (4088 KiB are free)',
      'Cannot write "disk/checkpoint-3": 21 MiB are needed and 4088 KiB are free',
    ]);
    assert.deepEqual(await steps(disk), [1, 2]);
    assert.equal((await newestCheckpoint(disk)).checkpoint?.step, 2);
    Deno.removeSync(`${disk}/checkpoint-1`, { recursive: true });
    await saver.save(3, large);
    await saver.settle();
    assert.equal((await newestCheckpoint(disk)).checkpoint?.step, 3);
  } finally {
    await new Deno.Command("umount", { args: [disk] }).output();
  }
});
