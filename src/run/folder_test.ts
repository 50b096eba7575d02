import assert from "node:assert/strict";
import { CheckpointError, RecipeError, StorageError } from "../errors.ts";
import { listCheckpoints, saveCheckpoint } from "./checkpoint.ts";
import { checkRun, openRun, type RunSettings } from "./folder.ts";
import { Saver } from "./saver.ts";

const facts = { ftx: "0", libtorch: "0", run: "first" };

function temporaryFolder() {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

const save = (folder: string, step: number) =>
  saveCheckpoint(folder, step, { files: (writer) => writer.bytes("a", `${step}`), facts });

/** Opens the run, and returns what it decided, with the folder's path shortened. */
async function open(folder: string, settings: Omit<RunSettings, "outputDir"> = {}) {
  using run = await openRun({ outputDir: folder, ...settings });
  await run.begin("stage: sft\n");
  return { step: run.resume?.step, id: run.id, notes: run.notes.map((note) => note.replaceAll(folder, "out")) };
}

const steps = async (folder: string) => (await listCheckpoints(folder)).map(({ step }) => step);

Deno.test("openRun() creates the folder with all above it, and writes run.yaml", async () => {
  using folder = temporaryFolder();
  const { step, notes } = await open(`${folder.path}/runs/new`);
  assert.deepEqual([step, notes], [undefined, []]);
  assert.equal(Deno.readTextFileSync(`${folder.path}/runs/new/run.yaml`), "stage: sft\n");
});

Deno.test("openRun() with --resume starts at step 0 where there is no checkpoint, and says so", async () => {
  using folder = temporaryFolder();
  const { step, notes } = await open(folder.path, { resumeFromCheckpoint: true });
  assert.deepEqual([step, notes], [undefined, ['No checkpoint in "out" yet: starting at step 0']]);
});

Deno.test("openRun() resumes from the newest intact checkpoint, even unasked, and keeps the run's id", async () => {
  using folder = temporaryFolder();
  for (const step of [5, 10, 15]) await save(folder.path, step);
  Deno.writeTextFileSync(`${folder.path}/checkpoint-15/a`, "x");
  const { step, id, notes } = await open(folder.path);
  assert.deepEqual([step, id], [10, "first"]);
  assert.deepEqual(notes, [
    'Skipping "out/checkpoint-15": "a" has 1 bytes, but the manifest says 2',
    'Resuming from "out/checkpoint-10"; set overwrite_output_dir to start over',
  ]);
});

Deno.test("openRun() refuses to resume when no checkpoint is intact, and names each", async () => {
  using folder = temporaryFolder();
  await save(folder.path, 5);
  Deno.mkdirSync(`${folder.path}/checkpoint-7`);
  Deno.removeSync(`${folder.path}/checkpoint-5/a`);
  await assert.rejects(open(folder.path, { resumeFromCheckpoint: true }), (error: Error) => {
    assert(error instanceof CheckpointError);
    assert.equal(
      error.message.replace(folder.path, "out"),
      'Cannot resume from "out": none of its checkpoints is intact (checkpoint-7: "manifest.json" is missing, so the save did not finish; ' +
        'checkpoint-5: "a" is missing); set overwrite_output_dir to start over',
    );
    return true;
  });
});

Deno.test("openRun() with overwrite_output_dir starts over, and loses nothing before its own first save", async () => {
  using folder = temporaryFolder();
  for (const step of [5, 10]) await save(folder.path, step);
  const { step, notes } = await open(folder.path, { overwriteOutputDir: true });
  assert.equal(step, undefined);
  assert.deepEqual(notes, ['Starting over in "out": its checkpoints will be deleted once this run has saved its own']);
  assert.deepEqual(await steps(folder.path), []); // a resume must not take the earlier run's
  const away = [...Deno.readDirSync(folder.path)].find(({ name }) => name.startsWith(".replaced-"))!.name;
  assert.deepEqual(await steps(`${folder.path}/${away}`), [10, 5]);

  const saver = new Saver(folder.path, { facts, warn: assert.fail });
  await saver.save(1, (writer) => writer.bytes("a", "1"));
  await saver.settle();
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), [
    ".lock",
    "checkpoint-1",
    "run.yaml",
  ]);
});

Deno.test("openRun() resumes from a named checkpoint, and sets the later ones aside", async () => {
  using folder = temporaryFolder();
  for (const step of [5, 10, 15]) await save(folder.path, step);
  const { step, notes } = await open(folder.path, { resumeFromCheckpoint: `${folder.path}/checkpoint-5` });
  assert.deepEqual([step, notes], [5, [
    '2 later checkpoints in "out" will be deleted once this run has saved its own',
  ]]);
  assert.deepEqual(await steps(folder.path), [5]);
});

Deno.test("openRun() refuses a named checkpoint that is broken, missing, or for a folder that has its own", async () => {
  using folder = temporaryFolder();
  await save(folder.path, 5);
  await assert.rejects(open(folder.path, { resumeFromCheckpoint: `${folder.path}/checkpoint-6` }), {
    name: "CheckpointError",
    message: `Cannot resume from "${folder.path}/checkpoint-6": there is no such folder; ` +
      "--resume without a path finds the newest intact one",
  });
  using other = temporaryFolder();
  await save(other.path, 7);
  await assert.rejects(open(folder.path, { resumeFromCheckpoint: `${other.path}/checkpoint-7` }), {
    name: "RecipeError",
    message:
      `Cannot resume from "${other.path}/checkpoint-7" into "${folder.path}": that folder has checkpoints of its own; ` +
      "choose another output_dir or set overwrite_output_dir",
  });
});

Deno.test("openRun() refuses to overwrite a finished model unasked", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/adapter_model.safetensors`, "");
  await assert.rejects(open(folder.path), {
    name: "RecipeError",
    message: `Cannot train into "${folder.path}": it holds "adapter_model.safetensors" of an earlier run; ` +
      "choose another output_dir or set overwrite_output_dir",
  });
  assert.equal((await open(folder.path, { overwriteOutputDir: true })).step, undefined);
});

Deno.test("openRun() refuses a file, the model's own folder, and a folder that cannot be written", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "");
  await assert.rejects(open(`${folder.path}/file`), {
    name: "RecipeError",
    message: `Cannot use output_dir = "${folder.path}/file": it is a file; name a folder`,
  });
  await assert.rejects(open(folder.path, { modelNameOrPath: `${folder.path}/../${folder.path.split("/").at(-1)}` }), {
    name: "RecipeError",
    message:
      `Cannot use output_dir = "${folder.path}": the weights to start from are in it, and would be overwritten; ` +
      "choose another output_dir",
  });
  await assert.rejects(open("/proc/ftx"), (error: Error) => {
    assert(error instanceof StorageError);
    assert.match(
      error.message,
      /^Cannot write into output_dir = "\/proc\/ftx": .+; choose a writable folder$/,
    );
    return true;
  });
});

Deno.test("openRun() changes nothing in a folder, and leaves none behind, before the run begins", async () => {
  using folder = temporaryFolder();
  for (const step of [5, 10]) await save(folder.path, step);
  for (const settings of [{ overwriteOutputDir: true }, { resumeFromCheckpoint: `${folder.path}/checkpoint-5` }]) {
    using _run = await openRun({ outputDir: folder.path, ...settings });
    assert.deepEqual(await steps(folder.path), [10, 5]);
    assert(![...Deno.readDirSync(folder.path)].some(({ name }) => name === "run.yaml"));
  }
  (await openRun({ outputDir: `${folder.path}/runs/new` }))[Symbol.dispose]();
  assert.throws(() => Deno.statSync(`${folder.path}/runs`), Deno.errors.NotFound);
  (await openRun({ outputDir: folder.path, overwriteOutputDir: true }))[Symbol.dispose]();
  assert.deepEqual(await steps(folder.path), [10, 5]);
});

Deno.test("openRun() frees the folder when it refuses", async () => {
  using folder = temporaryFolder();
  Deno.mkdirSync(`${folder.path}/checkpoint-1`);
  for (let i = 0; i < 2; i++) await assert.rejects(open(folder.path), CheckpointError);
  assert(RecipeError);
});

Deno.test("checkRun() refuses as openRun() does, and leaves nothing behind", async () => {
  const above = Deno.makeTempDirSync();
  const names = () => [...Deno.readDirSync(above)].map(({ name }) => name).sort();
  const both = async (outputDir: string, settings = {}) => {
    const check = await checkRun({ outputDir, ...settings }).then(() => "", (error) => error.message);
    const before = names();
    const open = await openRun({ outputDir, ...settings }).then((run) => (run[Symbol.dispose](), ""), (e) => e.message);
    return [check, open, before];
  };
  const [check, open, left] = await both(`${above}/new/run`, { modelNameOrPath: "org/model" });
  assert.deepEqual([check, open, left], ["", "", []]);
  Deno.writeTextFileSync(`${above}/file`, "");
  Deno.mkdirSync(`${above}/done`);
  Deno.writeTextFileSync(`${above}/done/model.safetensors`, "");
  for (
    const [folder, settings, sentence] of [
      ["file", {}, /it is a file; name a folder$/],
      ["done", {}, /it holds "model.safetensors" of an earlier run/],
      ["done", { modelNameOrPath: `${above}/done` }, /the weights to start from are in it/],
      ["done", { resumeFromCheckpoint: `${above}/nowhere` }, /there is no such folder; --resume without a path/],
    ] as const
  ) {
    const [check, open] = await both(`${above}/${folder}`, settings);
    assert.match(String(check), sentence);
    assert.equal(check, open);
  }
  Deno.removeSync(above, { recursive: true });
});
