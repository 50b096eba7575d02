// Who may not have what: gated, private and missing repositories, wrong tokens and revisions, each in one sentence.
import assert from "node:assert/strict";
import type { HubPlace } from "../../src/hub/place.ts";
import { HubScene } from "./scene.ts";
import type { HubRepository } from "./server.ts";

const token = (text: string) => ({ text, from: "HF_TOKEN" });

interface Case {
  name: string;
  asks?: string;
  repository?: Partial<HubRepository>;
  place?: Partial<HubPlace>;
  says: string;
}

/** `{hub}` and `{host}` stand for the hub's address, `{cache}` for the cache. */
const CASES: Case[] = [
  {
    name: "a repository that is not there, asked without a token",
    asks: "org/nothing",
    says: "{host} has no public model of this name; check the name, or log in with HF_TOKEN if it is private",
  },
  {
    name: "a repository that is not there, asked with a token",
    asks: "org/nothing",
    place: { token: token("hf_good") },
    says: "{host} has no model of this name that the token from HF_TOKEN may see; check the name",
  },
  {
    name: "a private repository",
    repository: { token: "hf_good_owner" },
    place: { token: token("hf_good_other") },
    says: "{host} has no model of this name that the token from HF_TOKEN may see; check the name",
  },
  {
    name: "a gated repository, asked without a token",
    repository: { gated: true },
    says: "it is gated; ask for access at {hub}/org/model, then log in with HF_TOKEN or hf_hub_token",
  },
  {
    name: "a gated repository, asked with a token that has no access",
    repository: { gated: true },
    place: { token: token("hf_good") },
    says: "it is gated, and the token from HF_TOKEN has no access; ask for it at {hub}/org/model",
  },
  {
    name: "a token that the hub does not know",
    place: { token: token("hf_wrong") },
    says: "the hub rejects the token from HF_TOKEN; make a new one at {hub}/settings/tokens",
  },
  {
    name: "a revision that is not there",
    asks: "org/model@v2",
    says: 'it has no branch, tag or commit "v2"; check the revision',
  },
  {
    name: "a repository that is not in the cache, offline",
    place: { offline: true },
    says: 'the cache "{cache}" does not have it; unset HF_HUB_OFFLINE to download it',
  },
];

for (const { name, asks = "org/model", repository, place, says } of CASES) {
  Deno.test(`${name}: one sentence`, async () => {
    await using scene = await HubScene.make();
    Object.assign(scene.hub.repositories.get("models/org/model")!, repository);
    const { endpoint } = scene.hub;
    const sentence = says.replaceAll("{hub}", endpoint).replaceAll("{host}", new URL(endpoint).host)
      .replaceAll("{cache}", scene.cache);
    await assert.rejects(scene.open(asks, place), {
      name: "NetworkError",
      message: `Cannot download "${asks.split("@")[0]}": ${sentence}`,
      exitCode: 7,
    });
    assert.deepEqual(scene.pauses, []); // none of these passes
  });
}

Deno.test("a token that may not read is told how to", async () => {
  await using scene = await HubScene.make();
  scene.hub.fault = () => ({ status: 403, headers: { "x-error-message": "Forbidden" } });
  await assert.rejects(scene.open("org/model", { token: token("hf_good") }), {
    message:
      `Cannot download "org/model": the token from HF_TOKEN has no right to read it; grant that at ${scene.hub.endpoint}/settings/tokens`,
  });
});

Deno.test("offline, a snapshot with only some of its files is not taken for the whole", async () => {
  await using scene = await HubScene.make();
  const { folder } = await scene.open();
  await Deno.remove(`${folder}/model.safetensors`);
  await assert.rejects(scene.open("org/model", { offline: true }), {
    message:
      `Cannot download "org/model": the cache "${scene.cache}" has only some of its files; unset HF_HUB_OFFLINE to download it`,
  });
});

/** Repositories that are no model that ftx reads. */
const UNUSABLE: [name: string, files: Record<string, string>, says: string][] = [
  [
    "only pickles",
    { "config.json": "{}", "pytorch_model.bin": "x" },
    'its weights are only in "pytorch_model.bin", a pickle, which could run code when it is loaded; use a repository or ' +
    "revision with safetensors",
  ],
  [
    "only a file for llama.cpp",
    { "config.json": "{}", "model-q4.gguf": "x" },
    'its weights are only in "model-q4.gguf", quantised for llama.cpp; use the repository it was made from',
  ],
  ["no weights", { "config.json": "{}" }, "it has no model.safetensors; check its name"],
  ["no configuration", { "README.md": "" }, "it has no config.json; use a repository that transformers saved"],
  [
    "an adapter",
    { "adapter_config.json": "{}", "adapter_model.safetensors": "x" },
    "it is a PEFT adapter, not a model; give its base as --model and this as --adapter",
  ],
  [
    "an index of shards that are not there",
    { "config.json": "{}", "model.safetensors.index.json": '{"weight_map": {"a": "model-1.safetensors"}}' },
    'its model.safetensors.index.json lists "model-1.safetensors", which is missing; choose another revision',
  ],
  [
    "an index that leads elsewhere",
    { "config.json": "{}", "model.safetensors.index.json": '{"weight_map": {"a": "../../x"}}' },
    'its model.safetensors.index.json lists "../../x", which is not a file next to it; do not use this repository',
  ],
  [
    "an index that is no index",
    { "config.json": "{}", "model.safetensors.index.json": "[" },
    "its model.safetensors.index.json lists no files; choose another revision",
  ],
];

for (const [name, files, says] of UNUSABLE) {
  Deno.test(`a repository with ${name} is explained before it is downloaded`, async () => {
    await using scene = await HubScene.make(files);
    await assert.rejects(scene.open(), {
      name: "CheckpointError",
      message: `Cannot use "org/model" from the hub: ${says}`,
    });
    assert.deepEqual(Object.keys(scene.files(scene.cache)).filter((file) => /refs/.test(file)), []);
  });
}
