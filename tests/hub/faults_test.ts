// A hub and a network that fail: the right file in the end, or one sentence and exit code 7; never a wrong file.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { FtxError } from "../../src/errors.ts";
import { chooseModelFiles } from "../../src/hub/model_files.ts";
import { openRepository } from "../../src/hub/open.ts";
import { repositoryNamed } from "../../src/hub/repository.ts";
import { HubScene, MODEL, noise, SIZE } from "./scene.ts";
import { type Asked, type Fault, sha256 } from "./server.ts";

const isWeights = ({ path }: Asked) => path.startsWith("/cdn/") && path.endsWith("/model.safetensors");
const WEIGHTS = MODEL["model.safetensors"] as Uint8Array;

/** The fault for the first `times` requests that `which` holds for. */
function first(times: number, fault: Fault, which: (asked: Asked) => boolean = isWeights) {
  return (asked: Asked) => which(asked) && times-- > 0 ? fault : undefined;
}

async function assertWhole(scene: HubScene, folder: string) {
  assert.equal(sha256(await Deno.readFile(join(folder, "model.safetensors"))), sha256(WEIGHTS));
  assert.deepEqual(blobs(scene).filter((name) => name.includes("incomplete")), []);
}

const blobs = (scene: HubScene) => readdirSync(join(scene.cache, "models--org--model/blobs"));

Deno.test("a download that is cut at any of 100 places takes only the rest afterwards", async () => {
  await using scene = await HubScene.make();
  for (let percent = 0; percent < 100; percent++) {
    const cut = Math.floor(SIZE * percent / 100);
    await Deno.remove(scene.cache, { recursive: true }).catch(() => {});
    scene.hub.asked.length = 0;
    scene.hub.fault = first(1, { cut });
    const { folder } = await scene.open();
    await assertWhole(scene, folder);
    const ranges = scene.hub.asked.filter(isWeights).map(({ range }) => range);
    assert.deepEqual(ranges, [undefined, percent === 0 ? undefined : `bytes=${cut}-`]);
    assert.equal(scene.hub.sentOf("/model.safetensors"), SIZE);
  }
});

Deno.test("a download that stands still is taken up again", async () => {
  await using scene = await HubScene.make();
  scene.hub.fault = first(2, { stall: 100_000 });
  const { folder } = await scene.open("org/model", { stall: 500 });
  await assertWhole(scene, folder);
  assert.equal(scene.hub.asked.filter(isWeights).length, 3);
});

Deno.test("a download of some bytes a second counts as one that stands still", async () => {
  await using scene = await HubScene.make();
  scene.hub.fault = first(1, { drip: 10 });
  await assertWhole(scene, (await scene.open("org/model", { stall: 500 })).folder);
});

for (const status of [408, 425, 429, 500, 502, 503, 504]) {
  Deno.test(`after ${status} it is tried again, with growing pauses`, async () => {
    await using scene = await HubScene.make();
    scene.hub.fault = first(4, { status });
    await assertWhole(scene, (await scene.open()).folder);
    assert.equal(scene.pauses.length, 4);
    for (const [i, least] of [375, 750, 1500, 3000].entries()) {
      assert.ok(scene.pauses[i] >= least && scene.pauses[i] <= least / 0.75, `${scene.pauses}`);
    }
  });
}

Deno.test("a person who waits is told what for", async () => {
  await using scene = await HubScene.make();
  scene.hub.fault = first(1, { status: 429, headers: { "retry-after": "7" } });
  const told: string[] = [];
  await openRepository(repositoryNamed("org/model", "model")!, {
    ...{ place: scene.place, choose: chooseModelFiles("org/model"), pause: () => Promise.resolve() },
    listener: { say() {}, tell: (text) => told.push(text), clear() {} },
  });
  const host = new URL(scene.hub.endpoint).host.replace("127.0.0.1", "localhost");
  assert.ok(told.includes(`${host}: answered 429; the next try is in 7 s`));
});

Deno.test("Retry-After is waited for, in seconds and as a date", async () => {
  await using scene = await HubScene.make();
  scene.hub.fault = first(1, { status: 429, headers: { "retry-after": "7" } });
  await scene.open();
  assert.deepEqual(scene.pauses, [7000]);
  await Deno.remove(scene.cache, { recursive: true });
  const date = new Date(Date.now() + 60_000).toUTCString();
  scene.hub.fault = first(1, { status: 503, headers: { "retry-after": date } });
  await scene.open();
  assert.ok(Math.abs(scene.pauses[1] - 60_000) < 3000);
});

Deno.test("a hub that forgets the range sends the whole once more", async () => {
  await using scene = await HubScene.make();
  let count = 0;
  scene.hub.fault = (asked) => !isWeights(asked) ? undefined : count++ === 0 ? { cut: 1000 } : { ignoreRange: true };
  await assertWhole(scene, (await scene.open()).folder);
});

Deno.test("a part that is wrong is thrown away, and the whole taken once more", async () => {
  await using scene = await HubScene.make();
  let count = 0;
  scene.hub.fault = (asked) => !isWeights(asked) ? undefined : count++ === 0 ? { cut: 100_000 } : { status: 404 };
  await assert.rejects(scene.open());
  const [part] = blobs(scene).filter((name) => name.endsWith(".incomplete"));
  const path = join(scene.cache, "models--org--model/blobs", part);
  const kept = await Deno.readFile(path);
  kept[500] ^= 1;
  await Deno.writeFile(path, kept);
  scene.hub.fault = () => undefined;
  await assertWhole(scene, (await scene.open()).folder);
});

Deno.test("a hub that compresses although it was asked not to is understood, also when it is cut", async () => {
  await using scene = await HubScene.make();
  let count = 0;
  scene.hub.fault = (asked) => !isWeights(asked) ? undefined : count++ === 0 ? { cut: 100_000 } : { gzip: true };
  await assertWhole(scene, (await scene.open()).folder);
});

Deno.test("connections that are reset are made again", async () => {
  await using scene = await HubScene.make();
  const seen = new Set<string>();
  scene.hub.fault = ({ path }) => seen.size < seen.add(path).size ? { reset: true } : undefined;
  await assertWhole(scene, (await scene.open()).folder);
});

Deno.test("questions to the hub that break off are asked again", async () => {
  await using scene = await HubScene.make();
  scene.hub.fault = first(2, { cut: 10 }, ({ path }) => path.includes("/tree/"));
  await assertWhole(scene, (await scene.open()).folder);
});

/** What goes on going wrong, and what is said in the end; `{host}` and `{cdn}` stand for the hosts. */
const HOPELESS: [name: string, fault: (asked: Asked) => Fault | undefined, says: string][] = [
  [
    "another content",
    (asked) => isWeights(asked) ? { instead: noise(SIZE, 7) } : undefined,
    '{host} sends a "model.safetensors" with another checksum; check HF_ENDPOINT, or take another repository',
  ],
  [
    "a longer content",
    (asked) => isWeights(asked) ? { instead: noise(SIZE + 1, 7) } : undefined,
    '{host} sends more bytes than "model.safetensors" has; check HF_ENDPOINT, or take another repository',
  ],
  [
    "a shorter content",
    (asked) => isWeights(asked) ? { instead: WEIGHTS.subarray(0, 1000) } : undefined,
    "{host} cannot be reached: the connection broke; check the network, HF_ENDPOINT and the proxy, or give a folder",
  ],
  [
    "500 for ever",
    (asked) => isWeights(asked) ? { status: 500 } : undefined,
    "{cdn} has an internal error (500); try again later",
  ],
  [
    "429 for ever",
    () => ({ status: 429 }),
    "{host} limits requests (429); wait a few minutes, or log in with HF_TOKEN",
  ],
  [
    "404 for a file that is listed",
    (asked) => isWeights(asked) ? { status: 404, headers: { "x-error-code": "EntryNotFound" } } : undefined,
    "the hub lists a file that it does not have; try again later",
  ],
  [
    "redirects for ever",
    (asked) => isWeights(asked) ? { redirect: asked.path } : undefined,
    "{host} redirects too often; check HF_ENDPOINT, or take another repository",
  ],
  [
    "a redirect to a file",
    (asked) => isWeights(asked) ? { redirect: "file:///etc/passwd" } : undefined,
    "{cdn} redirects to a file: address; check HF_ENDPOINT, or take another repository",
  ],
  [
    "a page that is no hub's",
    (asked) =>
      asked.path.startsWith("/api/") ? { instead: new TextEncoder().encode("<html>Welcome</html>") } : undefined,
    "{host} does not answer like a hub; check HF_ENDPOINT, or take another repository",
  ],
];

for (const [name, fault, says] of HOPELESS) {
  Deno.test(`${name}: one sentence, and no file`, async () => {
    await using scene = await HubScene.make();
    scene.hub.fault = fault;
    const error: FtxError = await scene.open().then(() => assert.fail("it was opened"), (error) => error);
    const host = new URL(scene.hub.endpoint).host;
    const sentence = says.replace("{host}", host).replace("{cdn}", host.replace("127.0.0.1", "localhost"));
    assert.deepEqual([error.name, error.message], [
      "NetworkError",
      `Cannot download "org/model": ${sentence}`,
    ]);
    assert.equal(error.exitCode, 7);
    const files = Object.keys(scene.files(scene.cache));
    assert.deepEqual(files.filter((file) => file.includes(sha256(WEIGHTS)) && !file.endsWith(".incomplete")), []);
    assert.deepEqual(files.filter((file) => file.includes("/refs/")), []);
  });
}

Deno.test("a hub where nothing listens is said in one sentence", async () => {
  await using scene = await HubScene.make();
  const { endpoint } = scene.hub;
  await scene.hub[Symbol.asyncDispose]();
  const host = new URL(endpoint).host;
  await assert.rejects(scene.open("org/model", { endpoint }), {
    name: "NetworkError",
    message:
      `Cannot download "org/model": ${host} cannot be reached: the connection was refused; check the network, HF_ENDPOINT ` +
      "and the proxy, or give a folder",
  });
});

Deno.test("a hub that says nothing is given up in time", async () => {
  await using scene = await HubScene.make();
  scene.hub.fault = () => ({ stall: 0 });
  await assert.rejects(scene.open("org/model", { patience: 50 }), /cannot be reached: sent nothing for 0.05 s/);
});

Deno.test("the disk's failure is not the network's", async () => {
  await using scene = await HubScene.make();
  await Deno.mkdir(join(scene.cache, "models--org--model/blobs", `${sha256(WEIGHTS)}.incomplete`), { recursive: true });
  await assert.rejects(scene.open(), { code: "EISDIR" });
});
