import assert from "node:assert/strict";
import { StorageError } from "../errors.ts";
import { type BrokenCheckpoint, listCheckpoints, newestCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import type { FolderWriter } from "./writer.ts";

const FACTS = { ftx: "0.1.0", libtorch: "2.13.0", run: "r" };

function temporaryFolder() {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

const files = (step: number) => async (writer: FolderWriter) => {
  await writer.bytes("weights.bin", new Uint8Array(20_000_000).fill(step)); // three pieces
  await writer.json("state/loop.json", { step, best: NaN });
};

const save = (folder: string, step: number) => saveCheckpoint(folder, step, { files: files(step), facts: FACTS });

async function newest(folder: string): Promise<[number | undefined, BrokenCheckpoint[]]> {
  const { checkpoint, broken } = await newestCheckpoint(folder);
  return [checkpoint?.step, broken.map((one) => ({ ...one, folder: one.folder.slice(folder.length + 1) }))];
}

Deno.test("saveCheckpoint() writes a folder that verifies and says where it comes from", async () => {
  using folder = temporaryFolder();
  await save(folder.path, 9);
  await save(folder.path, 10);
  assert.deepEqual((await listCheckpoints(folder.path)).map(({ step }) => step), [10, 9]);
  const { checkpoint } = await newestCheckpoint(folder.path);
  assert.deepEqual(Object.keys(checkpoint!.manifest.files), ["weights.bin", "state/loop.json"]);
  assert.equal(checkpoint!.manifest.run, "r");
  assert.equal(checkpoint!.manifest.files["weights.bin"].bytes, 20_000_000);
  assert.equal(
    Deno.readTextFileSync(`${checkpoint!.folder}/state/loop.json`),
    '{\n  "step": 10,\n  "best": "NaN"\n}\n',
  );
});

Deno.test("saveCheckpoint() writes hashes that sha256sum confirms", async () => {
  using folder = temporaryFolder();
  const { manifest, folder: saved } = await save(folder.path, 1);
  const sum = await new Deno.Command("sha256sum", { args: [`${saved}/weights.bin`] }).output();
  assert.equal(new TextDecoder().decode(sum.stdout).slice(0, 64), manifest.files["weights.bin"].sha256);
});

Deno.test("saveCheckpoint() replaces a checkpoint of the same step", async () => {
  using folder = temporaryFolder();
  await save(folder.path, 5);
  Deno.writeTextFileSync(`${folder.path}/checkpoint-5/weights.bin`, "torn");
  await save(folder.path, 5);
  assert.deepEqual(await newest(folder.path), [5, []]);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["checkpoint-5"]);
});

Deno.test("saveCheckpoint() leaves nothing behind when its files cannot be written", async () => {
  using folder = temporaryFolder();
  const failing = async (writer: FolderWriter) => {
    await writer.bytes("a", "a");
    throw new Deno.errors.WriteZero("ENOSPC");
  };
  await assert.rejects(saveCheckpoint(folder.path, 1, { files: failing, facts: FACTS }), /ENOSPC/);
  assert.deepEqual([...Deno.readDirSync(folder.path)], []);
});

Deno.test("saveCheckpoint() refuses a save for which the disk has no room, before it writes", async () => {
  using folder = temporaryFolder();
  const saved = saveCheckpoint(folder.path, 1, { files: files(1), facts: FACTS, bytes: 1e18 });
  await assert.rejects(saved, (error: Error) => {
    assert(error instanceof StorageError);
    assert.match(
      error.message,
      /^Cannot write ".*\/checkpoint-1": 977888704 GiB are needed and \d+ \w+ are free; make room /,
    );
    return true;
  });
});

const DAMAGE: Record<string, [(checkpoint: string) => void, string]> = {
  "one bit flipped": [(at) => {
    using file = Deno.openSync(`${at}/weights.bin`, { read: true, write: true });
    file.seekSync(12_345_678, Deno.SeekMode.Start);
    file.writeSync(Uint8Array.of(2 ^ 16));
  }, '"weights.bin" does not have the SHA-256 in the manifest'],
  "a page of zeros": [(at) => {
    using file = Deno.openSync(`${at}/weights.bin`, { read: true, write: true });
    file.writeSync(new Uint8Array(4096));
  }, '"weights.bin" does not have the SHA-256 in the manifest'],
  "a byte missing": [
    (at) => Deno.truncateSync(`${at}/weights.bin`, 19_999_999),
    '"weights.bin" has 19999999 bytes, but the manifest says 20000000',
  ],
  "a byte too many": [
    (at) => Deno.writeFileSync(`${at}/weights.bin`, Uint8Array.of(0), { append: true }),
    '"weights.bin" has 20000001 bytes, but the manifest says 20000000',
  ],
  "a file missing": [(at) => Deno.removeSync(`${at}/state/loop.json`), '"state/loop.json" is missing'],
  "a folder in a file's place": [(at) => {
    Deno.removeSync(`${at}/state/loop.json`);
    Deno.mkdirSync(`${at}/state/loop.json`);
  }, '"state/loop.json" is missing'],
  "the same file of another step": [
    (at) => Deno.copyFileSync(`${at}/../checkpoint-1/weights.bin`, `${at}/weights.bin`),
    '"weights.bin" does not have the SHA-256 in the manifest',
  ],
  "no manifest": [
    (at) => Deno.removeSync(`${at}/manifest.json`),
    '"manifest.json" is missing, so the save did not finish',
  ],
  "an empty manifest": [(at) => Deno.truncateSync(`${at}/manifest.json`), '"manifest.json" is damaged'],
  "half a manifest": [(at) => Deno.truncateSync(`${at}/manifest.json`, 200), '"manifest.json" is damaged'],
  "a manifest that was edited": [(at) => {
    const text = Deno.readTextFileSync(`${at}/manifest.json`);
    Deno.writeTextFileSync(`${at}/manifest.json`, text.replace('"step": 2', '"step": 3'));
  }, '"manifest.json" is damaged'],
  "the manifest of another step": [
    (at) => Deno.copyFileSync(`${at}/../checkpoint-1/manifest.json`, `${at}/manifest.json`),
    '"manifest.json" is of step 1',
  ],
};

for (const [name, [harm, reason]] of Object.entries(DAMAGE)) {
  Deno.test(`newestCheckpoint() passes over a checkpoint with ${name}, and says so`, async () => {
    using folder = temporaryFolder();
    await save(folder.path, 1);
    await save(folder.path, 2);
    harm(`${folder.path}/checkpoint-2`);
    assert.deepEqual(await newest(folder.path), [1, [{ folder: "checkpoint-2", reason }]]);
  });
}

Deno.test("newestCheckpoint() refuses a newer format by name", async () => {
  using folder = temporaryFolder();
  const { createHash } = await import("node:crypto");
  await Deno.mkdir(`${folder.path}/checkpoint-1`);
  const text = '{\n  "format": 3,\n  "step": 1,\n  "files": {}';
  const hash = createHash("sha256").update(text).digest("hex");
  Deno.writeTextFileSync(`${folder.path}/checkpoint-1/manifest.json`, `${text},\n  "sha256": "${hash}"\n}\n`);
  const reason = '"manifest.json" has format 3, but this ftx reads format 2';
  assert.deepEqual(await newest(folder.path), [undefined, [{ folder: "checkpoint-1", reason }]]);
});

Deno.test("newestCheckpoint() looks at nothing but checkpoint-N, the highest N first", async () => {
  using folder = temporaryFolder();
  await save(folder.path, 9);
  await save(folder.path, 100);
  for (const name of ["checkpoint-200.tmp-1-abcdef01", ".trash-checkpoint-300-1-abcdef01", "checkpoint-last"]) {
    Deno.mkdirSync(`${folder.path}/${name}`);
  }
  Deno.writeTextFileSync(`${folder.path}/checkpoint-400`, "a file");
  assert.deepEqual(await newest(folder.path), [100, []]);
});

Deno.test("saveCheckpoint() gets more than one piece a step to the disk while training keeps the thread busy", async () => {
  using folder = temporaryFolder();
  const data = new Uint8Array(128 * 2 ** 20); // 16 pieces
  let done = false;
  const saved = saveCheckpoint(folder.path, 1, { files: (writer) => writer.bytes("a", data), facts: FACTS })
    .finally(() => done = true);
  let steps = 0;
  for (; !done; steps++) {
    const until = performance.now() + 50;
    while (performance.now() < until); // a step
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await saved;
  assert(steps < 16, `${steps} steps`);
});

Deno.test("saveCheckpoint() writes tensors as safetensors, and lists the file in the manifest", async () => {
  using folder = temporaryFolder();
  const tensor = { dtype: "F32", shape: [2], data: () => new Uint8Array(new Float32Array([1, 2]).buffer) } as const;
  const { checkpoint } = await saveCheckpoint(folder.path, 1, {
    files: (writer) => writer.safetensors("model.safetensors", [["x", tensor]]),
    facts: FACTS,
  }).then(() => newestCheckpoint(folder.path));
  const text = new TextDecoder().decode(Deno.readFileSync(`${checkpoint!.folder}/model.safetensors`));
  assert.match(text, /"__metadata__":\{"format":"pt"\},"x":\{"dtype":"F32","shape":\[2\],"data_offsets":\[0,8\]\}/);
});

Deno.test("FolderWriter takes each name once", async () => {
  using folder = temporaryFolder();
  const files = async (writer: FolderWriter) => {
    await writer.bytes("a", "1");
    await writer.bytes("a", "2");
  };
  const message = 'Cannot write "a": it was already written';
  await assert.rejects(saveCheckpoint(folder.path, 1, { files, facts: FACTS }), { name: "TypeError", message });
});
