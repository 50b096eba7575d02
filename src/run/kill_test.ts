import assert from "node:assert/strict";
import { newestCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { openRun } from "./folder.ts";

// A run that resumes, saves one checkpoint or as many as it can with save_total_limit = 1, and is killed meanwhile.
const CHILD = `
import { openRun } from "${import.meta.resolve("./folder.ts")}";
import { Saver } from "${import.meta.resolve("./saver.ts")}";
const folder = Deno.args[0];
using run = await openRun({ outputDir: folder, resumeFromCheckpoint: true });
await run.begin("");
const facts = { ftx: "0", libtorch: "0", run: run.id };
const saver = new Saver(folder, { facts, limit: 1, resumed: run.resume?.step, warn: console.error });
const first = run.resume.step + 1;
for (let step = first; step < first + Number(Deno.args[1]); step++) {
  await saver.save(step, async (writer) => {
    await writer.bytes("a", new Uint8Array(20_000_000).fill(step));
    await writer.bytes("b", "two");
  });
  console.log(step);
}
await saver.settle();
`;

const POINTS = [
  "clean-up",
  "before-folder",
  "after-folder",
  ...[2, 3, 4].map((count) => `file-opened:${count}`), // the first file is run.yaml, which is empty
  ...[1, 2, 3, 4, 5].map((count) => `piece:${count}`),
  ...[2, 3, 4].map((count) => `before-file-sync:${count}`),
  ...[2, 3, 4].map((count) => `after-file-sync:${count}`),
  "before-manifest",
  "before-folder-sync",
  "before-rename",
  "after-rename",
  "after-parent-sync",
  "before-trash:2", // the first is the look for an older checkpoint-2
  "after-trash",
  "trash-half-deleted",
  "trash-half-deleted:2",
];

Deno.test("a run killed at any point of a save resumes from an intact checkpoint", async (t) => {
  for (const point of POINTS) {
    await t.step(point, async () => {
      using folder = await startedRun();
      const child = spawn(folder.path, 1, { FTX_CRASH_AT: point });
      await child.stdout.cancel();
      assert.equal((await child.status).signal, "SIGKILL");
      await goesOn(folder.path);
    });
  }
});

Deno.test("a run killed at ten random moments resumes each time from an intact checkpoint", async () => {
  using folder = await startedRun();
  let step = 1;
  for (let kill = 0; kill < 10; kill++) {
    const child = spawn(folder.path, 1000);
    const output = child.stdout.getReader();
    await output.read(); // its first save has begun
    if (kill % 2) await output.read(); // its second has begun, so that the first is whole however slow the disk is
    await new Promise((resolve) => setTimeout(resolve, 400 * Math.random()));
    child.kill("SIGKILL");
    await output.cancel();
    await child.status;
    const saved = await goesOn(folder.path);
    assert(saved >= step);
    step = saved;
  }
  assert(step > 1, "no save was ever finished");
});

async function startedRun() {
  const path = Deno.makeTempDirSync();
  const facts = { ftx: "0", libtorch: "0", run: "r" };
  await saveCheckpoint(path, 1, { files: (writer) => writer.bytes("a", new Uint8Array(1000).fill(1)), facts });
  Deno.mkdirSync(`${path}/checkpoint-9.tmp-4194305-0123abcd`); // of a process that cannot exist
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

function spawn(folder: string, saves: number, env: Record<string, string> = {}): Deno.ChildProcess {
  const script = `data:application/typescript,${encodeURIComponent(CHILD)}`;
  const args = ["run", "-A", "--no-check", script, folder, String(saves)];
  return new Deno.Command(Deno.execPath(), { args, env, stdout: "piped" }).spawn();
}

/** The step that the run resumes from: its checkpoint is intact, and what the kill left is gone. */
async function goesOn(folder: string): Promise<number> {
  const { checkpoint, broken } = await newestCheckpoint(folder);
  assert.deepEqual(broken, []);
  const step = checkpoint!.step;
  assert.equal(Deno.readFileSync(`${checkpoint!.folder}/a`)[0], step % 256);
  using run = await openRun({ outputDir: folder, resumeFromCheckpoint: true });
  assert.equal(run.resume?.step, step);
  const left = [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => !/^checkpoint-\d+$/.test(name));
  assert.deepEqual(left.filter((name) => name !== "run.yaml"), [".lock"]); // a kill can come before run.yaml
  return step;
}
