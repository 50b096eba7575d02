// A hub, or somebody with access to the cache, that wants a file outside of it: nothing is written there.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { badName } from "../../src/hub/file_name.ts";
import { chooseDatasetFiles } from "../../src/hub/dataset_files.ts";
import { openRepository } from "../../src/hub/open.ts";
import { HubScene, MODEL, SIZE } from "./scene.ts";
import { gitSha1, sha256 } from "./server.ts";

const HOSTILE = [
  "../x.jsonl",
  "../../../x.jsonl",
  "a/../../x.jsonl",
  "a/./x.jsonl",
  "a//x.jsonl",
  "/tmp/ftx-hostile.jsonl",
  "/etc/cron.d/x.jsonl",
  "C:/x.jsonl",
  "c:x.jsonl",
  "\\\\host\\x.jsonl",
  "..\\x.jsonl",
  "a\\..\\..\\x.jsonl",
  "x\0.jsonl",
  "x\n.jsonl",
  "x\x1b[2J.jsonl",
  "x\u2028.jsonl",
  "x\u0085.jsonl",
  ".",
  "..",
  "",
  `${"n".repeat(250)}.jsonl`,
  `${"ü".repeat(126)}.jsonl`,
];

for (const name of HOSTILE) {
  Deno.test(`a data set with a file ${JSON.stringify(name).slice(0, 40)} writes nothing outside the cache`, async () => {
    await using scene = await HubScene.make();
    scene.hub.add("dataset", "org/data", { "train.jsonl": "{}" });
    scene.hub.listed = (entry) => [entry, { ...entry, path: name }];
    const choose = chooseDatasetFiles("org/data");
    const repository = { kind: "dataset", id: "org/data", revision: "main" } as const;
    await assert.rejects(openRepository(repository, { place: scene.place, choose }), (error: Error) => {
      assert.match(
        error.message,
        /^Cannot download "org\/data": \S+ lists a file ".*", but it .*; check HF_ENDPOINT, or /,
      );
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(error.message, /[\0-\x1f\x7f-\x9f\u2028]/); // a terminal must not act on it
      return true;
    });
    assert.deepEqual(scene.files(), {});
  });
}

Deno.test("badName() lets the names pass that repositories have", () => {
  const names = [
    "config.json",
    ".gitattributes",
    "data/train-00000-of-00004.parquet",
    "a b.txt",
    "naïve.json",
    "..a/b..c",
    "日本語.jsonl",
  ];
  for (const name of names) assert.equal(badName(name), undefined, name);
});

/** What a hub may say that becomes part of a path. */
const FORGED: [name: string, listed: Record<string, unknown>][] = [
  ["a checksum that is a path", { oid: "../../../../x" }],
  ["a checksum of another length", { oid: "ab" }],
  ["an LFS checksum that is a path", { lfs: { oid: `../${"a".repeat(61)}`, size: 3, pointerSize: 1 } }],
  ["a size below zero", { size: -1 }],
  ["a size that is no number", { size: "1e9" }],
  ["a name that is no text", { path: 7 }],
];

for (const [name, forged] of FORGED) {
  Deno.test(`${name} is refused`, async () => {
    await using scene = await HubScene.make();
    scene.hub.listed = (entry) => ({ ...entry, ...forged });
    await assert.rejects(scene.open(), /does not answer like a hub/);
    assert.deepEqual(scene.files(), {});
  });
}

for (const sha of ["../../x", "main", "A".repeat(40), "", 7, undefined]) {
  Deno.test(`a commit ${JSON.stringify(sha)} is refused`, async () => {
    await using scene = await HubScene.make();
    scene.hub.described = (info) => ({ ...info, sha });
    await assert.rejects(scene.open(), /does not answer like a hub/);
    assert.deepEqual(scene.files(), {});
  });
}

Deno.test("a list of too many files is given up", async () => {
  await using scene = await HubScene.make();
  const entry = { type: "file", size: 1, oid: "a".repeat(40) };
  const page = JSON.stringify(Array.from({ length: 100_001 }, (_, i) => ({ ...entry, path: `${i}.txt` })));
  scene.hub.fault = ({ path }) => path.includes("/tree/") ? { instead: new TextEncoder().encode(page) } : undefined;
  await assert.rejects(scene.open(), /lists too many files/);
});

Deno.test("an answer that is too long is given up", async () => {
  await using scene = await HubScene.make();
  scene.hub.fault = ({ path }) => path.includes("/tree/") ? { instead: new Uint8Array(65 * 2 ** 20) } : undefined;
  await assert.rejects(scene.open(), /sent an answer that does not end/);
});

const HASH = sha256(MODEL["model.safetensors"] as Uint8Array);
const CONFIG = gitSha1(new TextEncoder().encode(MODEL["config.json"] as string));
const REPO = "models--org--model";

/** Links that were planted in the cache, to a folder or file `outside` of it. `{commit}` is the repository's. */
const PLANTED: [name: string, path: string, to: "folder" | "file"][] = [
  ["for the repository's folder", REPO, "folder"],
  ["for its contents", `${REPO}/blobs`, "folder"],
  ["for a part of a content", `${REPO}/blobs/${HASH}.incomplete`, "file"],
  ["for a content", `${REPO}/blobs/${CONFIG}`, "file"],
  ["for its snapshots", `${REPO}/snapshots`, "folder"],
  ["for its snapshot", `${REPO}/snapshots/{commit}`, "folder"],
  ["for a file of its snapshot", `${REPO}/snapshots/{commit}/config.json`, "file"],
  ["for its branches", `${REPO}/refs`, "folder"],
  ["for its branch", `${REPO}/refs/main`, "file"],
  ["for the locks", ".locks", "folder"],
  ["for a lock", `.locks/${REPO}/${HASH}.lock`, "file"],
  ["for the cache's tag", "CACHEDIR.TAG", "file"],
];

for (const [name, planted, to] of PLANTED) {
  for (const there of [true, false]) {
    Deno.test(`a link ${name} that leads to a ${to} outside${there ? "" : ", which is not there"}, is not followed`, async () => {
      await using scene = await HubScene.make();
      const real = scene.hub.repositories.get("models/org/model")!.commit;
      const outside = scene.path("outside");
      if (there && to === "folder") await Deno.mkdir(outside);
      if (there && to === "file") await Deno.writeTextFile(outside, "x".repeat(23)); // as long as config.json
      const path = join(scene.cache, planted.replace("{commit}", real));
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.symlink(outside, path);
      await scene.open().then(
        async ({ folder }) => assert.equal(await Deno.readTextFile(join(folder, "config.json")), MODEL["config.json"]),
        (error) => assert.match(error.message, /leads out of the cache; remove it/),
      );
      if (!there) assert.ok(!existsSync(outside));
      else if (to === "file") assert.equal(await Deno.readTextFile(outside), "x".repeat(23));
      else assert.deepEqual(Array.from(Deno.readDirSync(outside)), []);
    });
  }
}

Deno.test("offline, a link in a snapshot that leads out of the cache is no file of it", async () => {
  await using scene = await HubScene.make();
  const { folder } = await scene.open();
  await Deno.writeFile(scene.path("outside"), new Uint8Array(SIZE));
  await Deno.remove(join(folder, "model.safetensors"));
  await Deno.symlink(scene.path("outside"), join(folder, "model.safetensors"));
  await assert.rejects(scene.open("org/model", { offline: true }), /has only some of its files/);
});

Deno.test("a cache that is itself a link to a larger disk is used", async () => {
  await using scene = await HubScene.make();
  await Deno.mkdir(scene.path("disk"));
  await Deno.mkdir(dirname(scene.cache));
  await Deno.symlink(scene.path("disk"), scene.cache);
  const { folder } = await scene.open();
  assert.equal((await Deno.stat(join(folder, "model.safetensors"))).size, SIZE);
});
