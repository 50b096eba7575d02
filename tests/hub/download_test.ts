// What is downloaded, and how it lies in the cache.
import assert from "node:assert/strict";
import { join } from "node:path";
import { HubScene, MODEL, noise, SIZE } from "./scene.ts";
import { gitSha1, sha256 } from "./server.ts";

const bytes = (name: string) => {
  const content = MODEL[name];
  return typeof content === "string" ? new TextEncoder().encode(content) : content;
};

Deno.test("a model lies in the cache as Python's huggingface_hub puts it, and only what is needed of it", async () => {
  await using scene = await HubScene.make();
  const { folder } = await scene.open();
  const { commit } = scene.hub.repositories.get("models/org/model")!;
  assert.equal(folder, join(scene.cache, "models--org--model/snapshots", commit));
  const [config, tokenizer, weights] = [
    gitSha1(bytes("config.json")),
    sha256(bytes("tokenizer.json")),
    sha256(bytes("model.safetensors")),
  ];
  assert.deepEqual(scene.files(join(scene.cache, "models--org--model")), {
    "refs/main": 40,
    [`blobs/${config}`]: 23,
    [`blobs/${tokenizer}`]: 2011,
    [`blobs/${weights}`]: SIZE,
    [`snapshots/${commit}/config.json`]: `../../blobs/${config}`,
    [`snapshots/${commit}/tokenizer.json`]: `../../blobs/${tokenizer}`,
    [`snapshots/${commit}/model.safetensors`]: `../../blobs/${weights}`,
  });
  assert.equal(await Deno.readTextFile(join(scene.cache, "models--org--model/refs/main")), commit);
  assert.match(
    await Deno.readTextFile(join(scene.cache, "CACHEDIR.TAG")),
    /^Signature: 8a477f597d28d172789f06886806bc55\n/,
  );
  assert.deepEqual(scene.said, []); // nothing that takes time
});

Deno.test("a list of files is read to its last page", async () => {
  await using scene = await HubScene.make();
  await scene.open();
  const pages = scene.hub.asked.filter(({ path }) => path.includes("/tree/"));
  assert.equal(pages.length, Math.ceil(Object.keys(MODEL).length / 3));
});

Deno.test("the token goes to the hub and to nobody it sends us on to", async () => {
  await using scene = await HubScene.make();
  scene.hub.repositories.get("models/org/model")!.token = "hf_good";
  await scene.open("org/model", { token: { text: "hf_good", from: "HF_TOKEN" } });
  const hosts = new Map(scene.hub.asked.map(({ host, token }) => [host.split(":")[0], token]));
  assert.deepEqual([...hosts], [["127.0.0.1", "hf_good"], ["localhost", undefined]]);
});

Deno.test("what is there is not downloaded again, and a commit that is there asks nobody", async () => {
  await using scene = await HubScene.make();
  await scene.open();
  const before = scene.hub.asked.length;
  await scene.open();
  assert.ok(scene.hub.asked.slice(before).every(({ path }) => path.startsWith("/api/")));
  const { commit } = scene.hub.repositories.get("models/org/model")!;
  const asked = scene.hub.asked.length;
  const { folder } = await scene.open(`org/model@${commit}`);
  assert.equal(scene.hub.asked.length, asked);
  assert.ok(folder.endsWith(commit));
});

Deno.test("a new commit downloads what has changed, and nothing else", async () => {
  await using scene = await HubScene.make();
  await scene.open();
  const old = scene.hub.repositories.get("models/org/model")!.commit;
  scene.hub.add("model", "org/model", { ...MODEL, "config.json": '{"model_type": "qwen3"}' });
  const before = scene.hub.sentOf("/model.safetensors");
  const { folder } = await scene.open();
  assert.equal(scene.hub.sentOf("/model.safetensors"), before);
  assert.equal(await Deno.readTextFile(join(folder, "config.json")), '{"model_type": "qwen3"}');
  assert.ok(!folder.endsWith(old));
  assert.ok((await Deno.stat(join(scene.cache, "models--org--model/snapshots", old))).isDirectory);
});

Deno.test("of a model in shards those are downloaded that its index lists", async () => {
  const [first, second] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  await using scene = await HubScene.make({
    "config.json": "{}",
    [first]: noise(3000, 2),
    [second]: noise(4000, 3),
    "model-old.safetensors": noise(5000, 4),
    "model.safetensors.index.json": JSON.stringify({ weight_map: { a: first, b: second, c: first } }),
  });
  const { files } = await scene.open();
  assert.deepEqual([...files].sort(), ["config.json", first, second, "model.safetensors.index.json"]);
});

Deno.test("two names of one content are downloaded once", async () => {
  const same = noise(50_000, 5);
  const [first, second] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  await using scene = await HubScene.make({
    "config.json": "{}",
    [first]: same,
    [second]: same,
    "model.safetensors.index.json": JSON.stringify({ weight_map: { a: first, b: second } }),
  });
  const { folder } = await scene.open();
  assert.equal(scene.hub.sentOf(first) + scene.hub.sentOf(second), 50_000);
  assert.deepEqual(await Deno.readFile(join(folder, second)), same);
});

Deno.test("an empty file is a file", async () => {
  await using scene = await HubScene.make({ ...MODEL, "merges.txt": "" });
  const { folder } = await scene.open();
  assert.equal((await Deno.stat(join(folder, "merges.txt"))).size, 0);
});

Deno.test("a content that is too short in the cache is downloaded again", async () => {
  await using scene = await HubScene.make();
  const { folder } = await scene.open();
  await Deno.truncate(await Deno.realPath(join(folder, "model.safetensors")), 1000);
  await scene.open();
  assert.deepEqual(await Deno.readFile(join(folder, "model.safetensors")), MODEL["model.safetensors"]);
});

Deno.test("offline, nothing is asked", async () => {
  await using scene = await HubScene.make();
  const { folder } = await scene.open();
  const asked = scene.hub.asked.length;
  assert.equal((await scene.open("org/model", { offline: true })).folder, folder);
  assert.equal(scene.hub.asked.length, asked);
});

Deno.test("a hub that does not answer is no trouble where a copy is in the cache", async () => {
  await using scene = await HubScene.make();
  const { folder } = await scene.open();
  scene.hub.fault = () => ({ status: 503 });
  assert.equal((await scene.open()).folder, folder);
  const [note] = scene.said;
  assert.match(
    note,
    /^note: using the copy in the cache\. Cannot download "org\/model": \S+ has an internal error \(503\); try again later$/,
  );
  assert.equal(scene.pauses.length, 1);
});

Deno.test("a download that was begun leaves the old snapshot to those who are offline", async () => {
  await using scene = await HubScene.make();
  const { folder } = await scene.open();
  scene.hub.add("model", "org/model", { ...MODEL, "model.safetensors": noise(SIZE, 9) });
  scene.hub.fault = ({ path }) => path.startsWith("/cdn/") ? { status: 500 } : undefined;
  await assert.rejects(scene.open());
  assert.equal((await scene.open("org/model", { offline: true })).folder, folder);
});

Deno.test("what does not fit on the disk is refused before the first byte", async () => {
  await using scene = await HubScene.make();
  scene.hub.listed = (entry) =>
    entry.path === "model.safetensors"
      ? { ...entry, lfs: { oid: "a".repeat(64), size: 2 ** 52, pointerSize: 1 } }
      : entry;
  await assert.rejects(scene.open(), {
    name: "StorageError",
    message:
      /^Cannot download into "\S+": \d+\.\d GiB are needed and \d+\.\d GiB are free; make room, or choose another disk /,
  });
  assert.equal(scene.hub.sentOf("model.safetensors"), 0);
});

Deno.test("two at once download once, and one waits for the other", async () => {
  await using scene = await HubScene.make();
  scene.hub.fault = ({ path }) => path.startsWith("/cdn/") ? { cut: SIZE } : undefined; // a little slow at the end
  const [a, b] = await Promise.all([scene.open(), scene.open()]);
  assert.equal(a.folder, b.folder);
  assert.ok(scene.hub.sentOf("/model.safetensors") <= SIZE);
  assert.ok(scene.said.includes("Another process is downloading org/model; waiting for it"));
});
