// Adapters of the hub: the files of them that are read, also from a folder inside.
import assert from "node:assert/strict";
import { chooseAdapterFiles } from "../../src/hub/model_files.ts";
import { HubScene, noise } from "./scene.ts";

const FILES = {
  "adapter_config.json": '{"peft_type": "LORA"}',
  "adapter_model.safetensors": noise(4000),
  "adapter_model.bin": noise(4000, 2),
  "training_args.bin": noise(3000),
  "optimizer.pt": noise(3000),
  "tokenizer.json": "{}",
  "chat_template.jinja": "",
  "generation_config.json": "{}",
  "checkpoint-5/adapter_config.json": "{}",
  "checkpoint-5/adapter_model.safetensors": noise(2000, 3),
};

Deno.test("an adapter's configuration, tokenizer and weights are downloaded, and nothing besides", async () => {
  await using scene = await HubScene.make(FILES);
  const { files } = await scene.open("org/model", {}, chooseAdapterFiles("org/model"));
  const beside = ["adapter_config.json", "tokenizer.json", "chat_template.jinja", "generation_config.json"];
  assert.deepEqual([...files].sort(), [...beside, "adapter_model.safetensors"].sort());
  const without = chooseAdapterFiles("org/model", undefined, { weights: false });
  assert.deepEqual([...(await scene.open("org/model", {}, without)).files].sort(), [...beside].sort());
});

Deno.test("adapter_folder leads to an adapter inside a repository", async () => {
  await using scene = await HubScene.make(FILES);
  const { folder, files } = await scene.open("org/model", {}, chooseAdapterFiles("org/model", "checkpoint-5/"));
  assert.deepEqual(files, ["checkpoint-5/adapter_config.json", "checkpoint-5/adapter_model.safetensors"]);
  assert.equal((await Deno.stat(`${folder}/checkpoint-5/adapter_model.safetensors`)).size, 2000);
});

/** Repositories that are no adapter that ftx reads. */
const WRONG: [files: Record<string, string>, below: string | undefined, says: string][] = [
  [{ "config.json": "{}" }, undefined, "it has no adapter_config.json; give an adapter as PEFT saves it"],
  [{ "adapter_config.json": "{}" }, "x", "it has no x/adapter_config.json; give an adapter as PEFT saves it"],
  [{ "adapter_config.json": "{}" }, undefined, "it has no adapter_model.safetensors; check its name"],
  [
    { "adapter_config.json": "{}", "adapter_model.bin": "x" },
    undefined,
    'its weights are only in "adapter_model.bin", a pickle, which could run code when it is loaded; use a repository or ' +
    "revision with safetensors",
  ],
];

for (const [files, below, says] of WRONG) {
  Deno.test(`an adapter of the hub is refused: ${says}`, async () => {
    await using scene = await HubScene.make(files);
    await assert.rejects(scene.open("org/model", {}, chooseAdapterFiles("org/model", below)), {
      name: "CheckpointError",
      message: `Cannot use "org/model" from the hub: ${says}`,
    });
  });
}
