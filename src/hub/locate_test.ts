import assert from "node:assert/strict";
import { findModel, locateModel } from "./locate.ts";
import { located } from "./locate_recipe.ts";

Deno.test("a folder is itself, whatever it is called", async () => {
  const folder = await Deno.makeTempDir();
  assert.deepEqual(await findModel(folder), { folder, name: folder });
  const recipe = { modelNameOrPath: folder, adapterNameOrPath: [folder], modelRevision: "main", learningRate: 1 };
  const once = await located(recipe);
  assert.deepEqual(once, { ...recipe, modelName: folder, usualTemplate: undefined });
  assert.equal(await located(once), once);
  await Deno.remove(folder);
});

Deno.test("ftx-tiny is the example that comes with ftx", async () => {
  const { folder, name } = await findModel("ftx-tiny");
  assert.equal(name, "ftx-tiny");
  assert.ok((await Deno.stat(`${folder}/model.safetensors`)).isFile);
});

/** Names that are none, and what is said. */
const WRONG: [name: string, says: string][] = [
  [
    "nowhere",
    "there is no such folder, and no model has this short name; give a folder, org/name, or a name that ftx models search lists",
  ],
  ["qwen3-0.6", 'there is no such folder, and no model has this short name; did you mean "qwen3-0.6b"?'],
  ["./a/b", "there is no such folder; check the path"],
  ["/a/b", "there is no such folder; check the path"],
  ["a/b/c", "there is no such folder; check the path"],
];

for (const [name, says] of WRONG) {
  Deno.test(`locateModel("${name}") says: ${says}`, async () => {
    await assert.rejects(locateModel(name), { name: "CheckpointError", message: `Cannot load "${name}": ${says}` });
  });
}
