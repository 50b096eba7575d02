// Data sets of the hub, by name and by LLaMA-Factory's dataset_info.json.
import assert from "node:assert/strict";
import { join } from "node:path";
import { findDataset } from "../../src/data/catalogue/info.ts";
import { HubScene } from "./scene.ts";

/** A hub with data sets, its environment, and a folder for dataset_info.json. */
async function withHub(
  body: (find: (name: string, dir?: string) => Promise<string[]>, scene: HubScene) => Promise<void>,
) {
  await using scene = await HubScene.make();
  const before = Deno.env.toObject();
  Deno.env.set("HF_ENDPOINT", scene.hub.endpoint);
  Deno.env.set("HF_HOME", scene.folder); // whoever is logged in on this machine stays out of it
  for (const name of ["HF_HUB_OFFLINE", "HF_TOKEN"]) Deno.env.delete(name);
  try {
    const find = async (name: string, dir = scene.folder) => {
      const { files } = await findDataset(name, dir, { cacheDir: scene.cache });
      return files.map((file) => file.split(/snapshots\/[0-9a-f]{40}\//)[1] ?? file);
    };
    await body(find, scene);
  } finally {
    for (const name of ["HF_ENDPOINT", "HF_HUB_OFFLINE", "HF_HOME", "HF_TOKEN"]) {
      if (before[name] === undefined) Deno.env.delete(name);
      else Deno.env.set(name, before[name]);
    }
  }
}

const DATA = { "en/train.jsonl": '{"a": 1}', "en/test.jsonl": "{}", "de/train.jsonl": "{}", "extra/x.csv": "a,b" };

Deno.test("an entry's hf_hub_url is downloaded, with its subset, split and folder", () =>
  withHub(async (find, { hub, folder }) => {
    hub.add("dataset", "org/data", DATA);
    const info = {
      plain: { hf_hub_url: "org/data", subset: "en" },
      test: { hf_hub_url: "org/data", subset: "en", split: "test" },
      folder: { hf_hub_url: "org/data@main", folder: "extra" },
      beside: { hf_hub_url: "org/data", subset: "de", file_name: "local.jsonl" },
    };
    await Deno.writeTextFile(join(folder, "dataset_info.json"), JSON.stringify(info));
    assert.deepEqual(await find("plain"), ["en/train.jsonl"]);
    assert.deepEqual(await find("test"), ["en/test.jsonl"]);
    assert.deepEqual(await find("folder"), ["extra/x.csv"]);
    assert.deepEqual(await find("beside"), ["de/train.jsonl"]);
    await Deno.writeTextFile(join(folder, "local.jsonl"), "{}"); // what is on this disk goes first
    assert.deepEqual(await find("beside"), [join(folder, "local.jsonl")]);
    assert.equal(hub.sentOf("/en/train.jsonl"), 8);
  }));

Deno.test("a data set is found by org/name, after names and files", () =>
  withHub(async (find, { hub, folder }) => {
    hub.add("dataset", "org/data", { "train.jsonl": "{}" });
    assert.deepEqual(await find("org/data"), ["train.jsonl"]);
    assert.deepEqual(await find("org/data@main"), ["train.jsonl"]);
    await Deno.mkdir(join(folder, "org"));
    await Deno.writeTextFile(join(folder, "org/data.json"), "[]");
    assert.deepEqual(await find("org/data.json"), [join(folder, "org/data.json")]);
  }));

Deno.test("dataset_dir = ONLINE takes every name for one of the hub, REMOTE:org/name takes the list from there", () =>
  withHub(async (find, { hub }) => {
    hub.add("dataset", "org/data", { "train.jsonl": "{}" });
    const info = {
      a: { file_name: "a.json" },
      b: { file_name: "b" },
      c: { hf_hub_url: "org/data" },
      d: { file_name: "none.json" },
    };
    hub.add("dataset", "org/lists", {
      "dataset_info.json": JSON.stringify(info),
      "a.json": "[]",
      "b/1.json": "[]",
      "b/2.json": "[]",
      "big.json": "[]",
    });
    assert.deepEqual(await find("org/data", "ONLINE"), ["train.jsonl"]);
    const remote = "REMOTE:org/lists";
    assert.deepEqual(await find("a", remote), ["a.json"]);
    assert.deepEqual((await find("b", remote)).sort(), ["b/1.json", "b/2.json"]);
    assert.deepEqual(await find("c", remote), ["train.jsonl"]);
    assert.equal(hub.sentOf("/big.json"), 0);
    await assert.rejects(find("d", remote), {
      message: 'Cannot use dataset_dir = "REMOTE:org/lists": it has no "none.json"; check its name',
    });
    await assert.rejects(find("a", "REMOTE:nowhere at all"), {
      message: 'Cannot use dataset_dir = "REMOTE:nowhere at all": write REMOTE:org/name, a data set at the hub',
    });
  }));

Deno.test("a data set that is nowhere is said in one sentence", () =>
  withHub(async (find, { hub }) => {
    const host = new URL(hub.endpoint).host;
    await assert.rejects(find("org/nothing"), {
      name: "NetworkError",
      message:
        `Cannot download "org/nothing": there is no such file, and ${host} has no public data set of this name; check ` +
        "the name, or log in with HF_TOKEN if it is private",
    });
    await assert.rejects(find("not a name", "ONLINE"), {
      name: "DataError",
      message:
        'Cannot load dataset "not a name": "not a name" cannot be a data set at the hub; write org/name or org/name@revision',
    });
  }));
