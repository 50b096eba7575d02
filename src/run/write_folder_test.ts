import assert from "node:assert/strict";
import { writeFolder } from "./write_folder.ts";

function temporaryFolder() {
  const path = Deno.makeTempDirSync();
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

const names = (folder: string) => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();

Deno.test("writeFolder() makes a new folder at once, with files that others may read", async () => {
  using folder = temporaryFolder();
  const to = `${folder.path}/a/export`;
  await writeFolder(to, async (writer) => {
    await writer.json("config.json", {});
    assert(!names(`${folder.path}/a`).includes("export"));
  });
  assert.deepEqual(names(to), ["config.json"]);
  assert.equal(Deno.statSync(`${to}/config.json`).mode! & 0o777, 0o644 & ~Deno.umask());
});

Deno.test("writeFolder() puts whole files into a folder that exists, and removes what they supersede", async () => {
  using folder = temporaryFolder();
  for (const name of ["model-00001-of-00002.safetensors", "notes.txt", "model.safetensors"]) {
    Deno.writeTextFileSync(`${folder.path}/${name}`, "old");
  }
  await writeFolder(folder.path, (writer) => writer.bytes("model.safetensors", "new"), {
    supersedes: /^model.*\.safetensors/,
  });
  assert.deepEqual(names(folder.path), ["model.safetensors", "notes.txt"]);
  assert.equal(Deno.readTextFileSync(`${folder.path}/model.safetensors`), "new");
});

Deno.test("writeFolder() leaves everything as it was when a file cannot be written", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/config.json`, "old");
  for (const to of [folder.path, `${folder.path}/new`]) {
    const written = writeFolder(to, async (writer) => {
      await writer.bytes("config.json", "new");
      throw new Error("ENOSPC");
    });
    await assert.rejects(written, /ENOSPC/);
  }
  assert.deepEqual(names(folder.path), ["config.json"]);
  assert.equal(Deno.readTextFileSync(`${folder.path}/config.json`), "old");
});
