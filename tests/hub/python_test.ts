// Python's huggingface_hub finds what ftx downloaded, and the other way round: one cache, one hub, both programs.
import assert from "node:assert/strict";
import { dirname, join } from "node:path";
import { peerPython } from "../interop/peer.ts";
import { Inside } from "../../src/hub/inside.ts";
import { HubScene, MODEL } from "./scene.ts";
import { sha256 } from "./server.ts";
import { openRepository } from "../../src/hub/open.ts";
import { chooseDatasetFiles } from "../../src/hub/dataset_files.ts";

const python = peerPython("huggingface_hub");
const skipped = python === undefined ? " (skipped: no Python with huggingface_hub; set FTX_PEERS)" : "";

function test(name: string, body: (python: string) => Promise<void>) {
  Deno.test({ name: name + skipped, ignore: python === undefined, fn: () => body(python!) });
}

/** Runs Python with the scene's hub and cache. */
async function run(python: string, scene: HubScene, script: string, env: Record<string, string> = {}): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(python, {
    args: ["-c", `from huggingface_hub import *\n${script}`],
    env: {
      ...{ HF_ENDPOINT: scene.hub.endpoint, HF_HUB_CACHE: scene.cache, HF_HOME: scene.path("home"), HF_TOKEN: "" },
      ...{
        HF_HUB_DISABLE_PROGRESS_BARS: "1",
        HF_HUB_DISABLE_TELEMETRY: "1",
        PYTHONDONTWRITEBYTECODE: "1",
        HF_HUB_OFFLINE: "0",
      },
      ...env,
    },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim();
}

const OFFLINE = { HF_HUB_OFFLINE: "1" };

test("Python finds what ftx downloaded: snapshot_download, hf_hub_download, scan_cache_dir", async (python) => {
  await using scene = await HubScene.make();
  const { folder } = await scene.open();
  assert.equal(await run(python, scene, 'print(snapshot_download("org/model"))', OFFLINE), folder);
  const file = 'print(hf_hub_download("org/model", "model.safetensors"))';
  assert.equal(await run(python, scene, file, OFFLINE), join(folder, "model.safetensors"));
  const scan = "i = scan_cache_dir(); r = next(iter(i.repos)); print(r.repo_id, r.nb_files, len(i.warnings), *r.refs)";
  assert.equal(await run(python, scene, scan), "org/model 3 0 main");
});

test("Python downloads only what ftx has not", async (python) => {
  await using scene = await HubScene.make();
  const { folder } = await scene.open();
  scene.hub.asked.length = 0;
  assert.equal(await run(python, scene, 'print(snapshot_download("org/model"))'), folder);
  assert.equal(scene.hub.sentOf("/model.safetensors") + scene.hub.sentOf("/tokenizer.json"), 0);
  assert.equal((await Deno.stat(join(folder, "pytorch_model.bin"))).size, 5000);
});

test("ftx finds what Python downloaded, online and offline", async (python) => {
  await using scene = await HubScene.make();
  const folder = await run(python, scene, 'print(snapshot_download("org/model"))');
  const sent = () => scene.hub.asked.filter(({ path }) => !path.startsWith("/api/")).length;
  const before = sent();
  assert.equal((await scene.open()).folder, folder);
  assert.equal(sent(), before);
  assert.equal((await scene.open("org/model", { offline: true })).folder, folder);
});

test("ftx goes on where Python took one file", async (python) => {
  await using scene = await HubScene.make();
  const script = 'print(hf_hub_download("org/model", "model.safetensors"))';
  const file = await run(python, scene, script);
  scene.hub.asked.length = 0;
  const { folder } = await scene.open();
  assert.equal(join(folder, "model.safetensors"), file);
  assert.equal(scene.hub.sentOf("/model.safetensors"), 0);
});

test("a data set is one for both", async (python) => {
  await using scene = await HubScene.make();
  scene.hub.add("dataset", "org/data", { "data/train-00000-of-00001.jsonl": "{}\n", "README.md": "# Data" });
  const repository = { kind: "dataset", id: "org/data", revision: "main" } as const;
  const { folder } = await openRepository(repository, { place: scene.place, choose: chooseDatasetFiles("org/data") });
  const script = 'print(snapshot_download("org/data", repo_type="dataset"))';
  assert.equal(await run(python, scene, script, OFFLINE), folder);
});

const HASH = sha256(MODEL["model.safetensors"] as Uint8Array);
const askedForWeights = (scene: HubScene) =>
  scene.hub.asked.some(({ method, path }) => method === "GET" && path.startsWith("/cdn/"));
const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

test("Python waits for the lock that ftx holds", async (python) => {
  await using scene = await HubScene.make();
  const inside = await Inside.make(scene.cache);
  const lock = await inside.lock(join(scene.cache, ".locks/models--org--model", `${HASH}.lock`));
  const file = run(python, scene, 'print(hf_hub_download("org/model", "model.safetensors"))');
  while (!scene.hub.asked.some(({ method }) => method === "HEAD")) await pause(20);
  await pause(500);
  assert.ok(!askedForWeights(scene));
  lock[Symbol.dispose]();
  assert.deepEqual(await Deno.readFile(await file), MODEL["model.safetensors"]);
});

test("ftx waits for the lock that Python holds", async (python) => {
  await using scene = await HubScene.make();
  const path = join(scene.cache, ".locks/models--org--model", `${HASH}.lock`);
  await Deno.mkdir(dirname(path), { recursive: true });
  const script =
    `import sys; from filelock import FileLock\nwith FileLock(sys.argv[1]): print(1, flush=True); sys.stdin.read()`;
  const holder = new Deno.Command(python, { args: ["-c", script, path], stdin: "piped", stdout: "piped" }).spawn();
  const reader = holder.stdout.getReader();
  await reader.read(); // it holds the lock now
  const opened = scene.open();
  while (scene.said.length === 0) await pause(20);
  assert.deepEqual(scene.said, ["Another process is downloading org/model; waiting for it"]);
  const before = scene.hub.sentOf("/model.safetensors");
  await holder.stdin.close();
  await reader.cancel();
  await holder.status;
  const { folder } = await opened;
  assert.equal(before, 0);
  assert.deepEqual(await Deno.readFile(join(folder, "model.safetensors")), MODEL["model.safetensors"]);
});
