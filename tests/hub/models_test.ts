// `ftx models`: what is in the cache, what there is at the hub, and removing exactly one thing.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { chooseDatasetFiles } from "../../src/hub/dataset_files.ts";
import { Inside } from "../../src/hub/inside.ts";
import { openRepository } from "../../src/hub/open.ts";
import { removeStored, storedNamed } from "../../src/hub/remove.ts";
import { storedIn } from "../../src/hub/stored.ts";
import { ftx } from "../ftx.ts";
import { HubScene, MODEL, noise } from "./scene.ts";

/** A cache with `org/model`, and `org/data` and `org/model` as data sets. */
async function filled(): Promise<HubScene> {
  const scene = await HubScene.make();
  await scene.open();
  for (const id of ["org/data", "org/model"]) {
    scene.hub.add("dataset", id, { "train.jsonl": noise(5000) });
    const repository = { kind: "dataset", id, revision: "main" } as const;
    await openRepository(repository, { place: scene.place, choose: chooseDatasetFiles(id) });
  }
  return scene;
}

const run = (scene: HubScene, line: string, env: Record<string, string> = {}) =>
  ftx(scene.folder, `models ${line}`, {
    HF_HUB_CACHE: scene.cache,
    HF_HUB_OFFLINE: "",
    HF_ENDPOINT: scene.hub.endpoint,
    ...env,
  });

Deno.test("ftx models lists what the cache holds", async () => {
  await using scene = await filled();
  const today = new Date().toISOString().slice(0, 10);
  const { code, out } = await run(scene, "list");
  assert.equal(code, 0);
  assert.equal(
    out,
    [
      "name       what      size     revisions  last used",
      `org/model  model     295 KiB  main       ${today}`,
      `org/data   data set  5 KiB    main       ${today}`,
      `org/model  data set  5 KiB    main       ${today}`,
      "",
      `1 model and 2 data sets: 305 KiB, in "${scene.cache}"`,
      "",
    ].join("\n"),
  );
  const { repositories } = JSON.parse((await run(scene, "list --json")).out);
  assert.deepEqual(
    repositories.map(({ kind, id, bytes, files }: Record<string, unknown>) => [kind, id, bytes, files]),
    [
      ["model", "org/model", 302034, 3],
      ["dataset", "org/data", 5000, 1],
      ["dataset", "org/model", 5000, 1],
    ],
  );
  assert.equal((await run(scene, "size")).out, `1 model and 2 data sets: 305 KiB, in "${scene.cache}"\n`);
  assert.deepEqual(JSON.parse((await run(scene, "size --json")).out), {
    cache: scene.cache,
    bytes: 312034,
    unfinished: 0,
  });
});

Deno.test("ftx models says that there is no cache, and counts begun downloads", async () => {
  await using scene = await HubScene.make();
  assert.equal((await run(scene, "")).out, `The cache "${scene.cache}" is empty\n`);
  const blobs = join(scene.cache, "models--org--model/blobs");
  await Deno.mkdir(blobs, { recursive: true });
  await Deno.writeFile(join(blobs, "abc.incomplete"), noise(2048));
  assert.match(
    (await run(scene, "size")).out,
    /^1 model and 0 data sets: 2 KiB, in ".*"; 2 KiB of unfinished downloads\n$/,
  );
  assert.match((await run(scene, "list")).out, /2 KiB \(unfinished\)/);
});

Deno.test("ftx models search finds short names and what the hub has", async () => {
  await using scene = await HubScene.make();
  scene.hub.add("model", "some/Llama-2-thing", MODEL);
  scene.hub.add("dataset", "some/llama-2-data", {});
  const { code, out } = await run(scene, 'search "llama-2-7b"');
  assert.equal(code, 0);
  assert.match(
    out,
    /^short name +on the hub +template\nllama-2-7b +meta-llama\/Llama-2-7b-hf +llama2\nllama-2-7b-chat /,
  );
  const found = JSON.parse((await run(scene, "search llama-2 --json --limit 5")).out);
  assert.deepEqual(found.hub, [{ id: "some/Llama-2-thing", downloads: 1234, likes: 5, gated: false }]);
  const data = JSON.parse((await run(scene, "search llama-2 --json --datasets")).out);
  assert.deepEqual([data.aliases, data.hub[0].id], [[], "some/llama-2-data"]);
  assert.match(
    (await run(scene, "search qwen3-0.6b", { HF_HUB_OFFLINE: "1" })).out,
    /ftx did not search the hub: HF_HUB_OFFLINE is set\n$/,
  );
  assert.equal((await run(scene, "search nothing-of-the-kind")).out, 'No name contains "nothing-of-the-kind"\n');
});

Deno.test("ftx models remove takes one repository away, and asks before", async () => {
  await using scene = await filled();
  const before = scene.files(scene.cache);
  const refused = await run(scene, "remove org/data");
  assert.equal(refused.code, 2);
  assert.match(
    refused.err,
    /^error: Cannot remove data set org\/data \(5 KiB\) from ".*" without asking: add --yes\n$/,
  );
  assert.deepEqual(scene.files(scene.cache), before);
  const removed = await run(scene, "remove org/data --yes");
  assert.equal(removed.out, `Removed data set org/data (5 KiB) from "${scene.cache}"\n`);
  const left = Object.fromEntries(Object.entries(before).filter(([file]) => !file.includes("datasets--org--data")));
  assert.deepEqual(scene.files(scene.cache), left);
  assert.ok(!existsSync(join(scene.cache, ".locks/datasets--org--data")));
});

/** What cannot be run, and what is said. */
const WRONG: [line: string, says: string][] = [
  [
    "remove org/model --yes",
    'Cannot remove "org/model": a model and a data set have this name; write models/org/model or datasets/org/model',
  ],
  [
    "remove org/modle --yes",
    'Cannot remove "org/modle": the cache "{cache}" does not have it; did you mean "org/model"?',
  ],
  [
    "remove ../../etc --yes",
    'Cannot remove "../../etc": the cache "{cache}" does not have it; ftx models list shows what it has',
  ],
  ["remove", 'Cannot run "ftx models remove" without a name: add one'],
  ["lst", 'Cannot run "ftx models lst": choose one of list, size, search, remove; did you mean "list"?'],
  ["list more", 'Cannot use "more" with ftx models list: it takes nothing more; leave it out'],
  ["search a --limit x", "Cannot use --limit x: it is not a number of results; use 1 or more"],
];

Deno.test("ftx models says what is wrong in one sentence", async () => {
  await using scene = await filled();
  const before = scene.files(scene.cache);
  for (const [line, says] of WRONG) {
    const { code, err } = await run(scene, line);
    assert.deepEqual([code, err], [2, `error: ${says.replace("{cache}", scene.cache)}\n`], line);
  }
  assert.deepEqual(scene.files(scene.cache), before);
});

Deno.test("ftx models search says when the hub does not answer", async () => {
  await using scene = await HubScene.make();
  const host = new URL(scene.hub.endpoint).host;
  scene.hub.fault = () => ({ status: 404 });
  const { code, err, out } = await run(scene, "search qwen3-0.6b");
  assert.match(out, /^short name .*\nqwen3-0.6b /);
  assert.deepEqual([code, err], [
    7,
    `error: Cannot search for "qwen3-0.6b": ${host}: answered 404; check the network and HF_ENDPOINT\n`,
  ]);
});

Deno.test("removing follows no link out of the repository", async () => {
  await using scene = await filled();
  const outside = scene.path("outside");
  await Deno.mkdir(join(outside, "deep"), { recursive: true });
  await Deno.writeTextFile(join(outside, "deep/file"), "kept");
  const folder = join(scene.cache, "datasets--org--data");
  await Deno.symlink(outside, join(folder, "snapshots/link"));
  await Deno.symlink(join(outside, "deep/file"), join(folder, "blobs/link"));
  await removeStored(await storedNamed("org/data", scene.cache), scene.cache);
  assert.ok(!existsSync(folder));
  assert.equal(await Deno.readTextFile(join(outside, "deep/file")), "kept");
});

Deno.test("a repository whose folder is a link is not removed", async () => {
  await using scene = await filled();
  const elsewhere = scene.path("elsewhere"), folder = join(scene.cache, "datasets--org--data");
  await Deno.rename(folder, elsewhere);
  await Deno.symlink(elsewhere, folder);
  await assert.rejects(removeStored(await storedNamed("org/data", scene.cache), scene.cache), {
    name: "StorageError",
    message: `Cannot remove "org/data": its folder "${folder}" is a link to "${elsewhere}"; remove both by hand`,
  });
  assert.ok(existsSync(join(elsewhere, "blobs")));
});

Deno.test("a repository that somebody is downloading is not removed", async () => {
  await using scene = await filled();
  const inside = await Inside.make(scene.cache);
  using _ = await inside.lock(join(scene.cache, ".locks/datasets--org--data/x.lock"));
  await assert.rejects(
    removeStored(await storedNamed("org/data", scene.cache), scene.cache),
    /another process is downloading it/,
  );
  assert.equal((await storedIn(scene.cache)).length, 3);
});

Deno.test("a snapshot of files that are no links is counted, and commits that no branch leads to are named", async () => {
  await using scene = await HubScene.make();
  const commit = "c".repeat(40);
  const file = join(scene.cache, `models--a--b/snapshots/${commit}/sub/x.txt`);
  await Deno.mkdir(dirname(file), { recursive: true });
  await Deno.writeTextFile(file, "12345");
  const [{ id, bytes, files, revisions }] = await storedIn(scene.cache);
  assert.deepEqual([id, bytes, files, revisions], ["a/b", 5, 1, [commit]]);
});
