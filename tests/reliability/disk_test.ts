// Disks that are full or read-only: training continues as long as it can, and nothing is ever half-written.

import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { newestCheckpoint } from "../../src/run/mod.ts";
import { checkpointsOf, hashOf, namesIn } from "./compare.ts";
import { type Ended, type Settings, start, train, trained, workplace } from "./nano.ts";

const ADAPTER = "adapter_model.safetensors";
const LONG = { maxSteps: 300, saveSteps: 20, loraDropout: 0.1 };

/** A small disk in `folder`; undefined if this user may not mount one. */
async function smallDisk(folder: string) {
  Deno.mkdirSync(folder);
  const mount = (...options: string[]) =>
    new Deno.Command("mount", { args: ["-t", "tmpfs", ...options, "tmpfs", folder] }).output().catch(() => undefined);
  const made = await mount("-o", "size=8m");
  if (!made?.success) return void console.log("skipped: this user may not mount a tmpfs");
  return {
    run: join(folder, "run"),
    /** Takes all the space that is left. */
    fill() {
      using ballast = Deno.openSync(join(folder, "ballast"), { write: true, create: true });
      try {
        for (;;) ballast.writeSync(new Uint8Array(4096));
      } catch {
        // full
      }
    },
    clear: () => Deno.removeSync(join(folder, "ballast")),
    readOnly: () => mount("-o", "remount,ro"),
    [Symbol.asyncDispose]: async () => {
      await new Deno.Command("umount", { args: [folder] }).output();
    },
  };
}

/** Replaces amounts of bytes, and the run's folder by "run". */
const plain = (text: string, folder: string) =>
  text.replaceAll(folder, "run").replace(/[\d.]+ [KMG]iB/g, "N").replace(/checkpoint-\d+/g, "checkpoint-N");

/** Trains, and fills the disk once a checkpoint is intact, or with `saveStrategy` no after some steps. */
async function trainedUntilFull(
  disk: { run: string; fill(): void },
  settings: Settings = {},
  heard?: (line: string) => void,
): Promise<Ended> {
  const running = start(disk.run, { ...LONG, ...settings }, {
    env: { FTX_CACHE: `${dirname(disk.run)}-cache` },
    heard,
  });
  await running.reached(5);
  while (!settings.saveStrategy && checkpointsOf(disk.run).length === 0) {
    await new Promise((done) => setTimeout(done, 5));
  }
  disk.fill();
  return await running.ended;
}

Deno.test("a disk that fills up stops the run at the third failed save with exit code 6, and it resumes from an intact checkpoint", async () => {
  using place = workplace();
  await using disk = await smallDisk(join(place.path, "disk"));
  if (!disk) return;
  const whole = join(place.path, "whole");
  const undisturbed = trained(whole, LONG);
  const { code, err } = await trainedUntilFull(disk);
  assert.equal(code, 6, err);
  const lines = plain(err, disk.run).trim().split("\n").filter((line) => /^(warning|error)/.test(line));
  const why =
    /Cannot write "run\/checkpoint-N[^"]*": (N are needed and N are free|[Nn]o space left on device.* \(N are free\)); /;
  for (const line of lines) assert.match(line, why);
  assert.deepEqual(lines.map((line) => line.replace(why, "")), [
    "warning: checkpoint-N is intact, training continues and will try again at the next save (failure 1 of 3)",
    "warning: checkpoint-N is intact, training continues and will try again at the next save (failure 2 of 3)",
    "error: this was the third failure in a row, checkpoint-N is intact; make room and continue with --resume",
  ]);
  const { checkpoint, broken } = await newestCheckpoint(disk.run);
  assert.deepEqual([checkpoint?.step, broken], [checkpointsOf(disk.run).at(-1), []]);
  assert(!namesIn(disk.run).some((name) => name.includes(".tmp-")));

  const refused = await train(disk.run, { ...LONG, resume: true }); // still full
  assert.equal(refused.code, 6, refused.err);
  disk.clear();
  await trained(disk.run, { ...LONG, resume: true });
  await undisturbed;
  assert.equal(hashOf(`${disk.run}/${ADAPTER}`), hashOf(`${whole}/${ADAPTER}`));
});

Deno.test("a disk that is full for a while costs checkpoints and nothing else", async () => {
  using place = workplace();
  await using disk = await smallDisk(join(place.path, "disk"));
  if (!disk) return;
  const whole = join(place.path, "whole");
  const undisturbed = trained(whole, LONG);
  const { code, err } = await trainedUntilFull(disk, {}, (line) => {
    if (line.includes("(failure 1 of 3)")) disk.clear();
  });
  assert.equal(code, 0, err);
  assert(checkpointsOf(disk.run).length < 15);
  await undisturbed;
  assert.equal(hashOf(`${disk.run}/${ADAPTER}`), hashOf(`${whole}/${ADAPTER}`));
  const steps = Deno.readTextFileSync(`${disk.run}/trainer_log.jsonl`).trim().split("\n").map((line) =>
    JSON.parse(line).current_steps
  );
  assert.deepEqual(steps, Array.from({ length: 300 }, (_, i) => i + 1)); // the log waited for space
});

Deno.test("a disk that is full at the end leaves no half-written weights, and exit code 6", async () => {
  using place = workplace();
  await using disk = await smallDisk(join(place.path, "disk"));
  if (!disk) return;
  const { code, err } = await trainedUntilFull(disk, { saveStrategy: "no" });
  assert.equal(code, 6, err);
  assert.match(
    plain(err, disk.run),
    /error: Cannot write "run\/[^"]+": .*space.* \(N are free\); make room or choose another folder\n$/,
  );
  assert.deepEqual(namesIn(disk.run), [".lock", "run.yaml", "trainer_log.jsonl"]);
});

Deno.test("an output_dir that is not writable is refused before anything is done", async () => {
  using place = workplace();
  await using disk = await smallDisk(join(place.path, "disk"));
  if (!disk) return;
  await disk.readOnly();
  const { code, err } = await train(disk.run, {}, { env: { FTX_CACHE: join(place.path, "cache") } });
  assert.equal(code, 6, err);
  assert.match(
    err,
    /error: Cannot write into output_dir = ".*": [Rr]ead-only file system.*; choose a writable folder\n$/,
  );
});
