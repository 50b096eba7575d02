import assert from "node:assert/strict";
import { chooseDatasetFiles, type Part } from "./dataset_files.ts";

/** What is chosen of these files, by `part`. */
async function chosen(paths: string[], part?: Part, readme = ""): Promise<readonly string[]> {
  const all = readme === "" ? paths : [...paths, "README.md"];
  return await chooseDatasetFiles("org/data", part)(all.map((path) => ({ path })), () => Promise.resolve(readme));
}

const SHARDS = ["data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet"];

/** Layouts of data sets at the hub, and what LLaMA-Factory's keys choose of them. */
const LAYOUTS: [name: string, files: string[], part: Part | undefined, expected: string[]][] = [
  ["one file", ["alpaca.json"], undefined, ["alpaca.json"]],
  ["shards of splits", [...SHARDS, "data/test-00000-of-00001.parquet"], undefined, SHARDS],
  ["another split", [...SHARDS, "data/test-00000-of-00001.parquet"], { split: "test" }, [
    "data/test-00000-of-00001.parquet",
  ]],
  ["splits with other names", ["dev.jsonl", "training.jsonl"], { split: "validation" }, ["dev.jsonl"]],
  ["splits as folders", ["train/a.csv", "train/b.csv", "eval/c.csv"], undefined, ["train/a.csv", "train/b.csv"]],
  ["a split of a name of its own", ["train_sft.jsonl", "test_sft.jsonl"], { split: "train_sft" }, ["train_sft.jsonl"]],
  ["files without a split's name are train", ["a.jsonl", "b.jsonl", "test.jsonl"], undefined, ["a.jsonl", "b.jsonl"]],
  ["a word that only contains a split's name", ["contest.jsonl", "trainer.jsonl"], undefined, [
    "contest.jsonl",
    "trainer.jsonl",
  ]],
  ["a subset that is a folder", ["en/train.jsonl", "de/train.jsonl"], { subset: "de" }, ["de/train.jsonl"]],
  ["a subset that is a file", ["en.jsonl", "de.jsonl"], { subset: "de" }, ["de.jsonl"]],
  ["a folder", ["x/train.json", "y/z/train.json"], { folder: "y/z" }, ["y/z/train.json"]],
  ["a folder written with slashes", ["x/train.json", "y/train.json"], { folder: "./y/" }, ["y/train.json"]],
  ["the type with most files", ["a.jsonl", "b.parquet", "c.parquet"], undefined, ["b.parquet", "c.parquet"]],
  ["parquet where there is as much of both", ["train.jsonl", "train.parquet"], undefined, ["train.parquet"]],
  ["compressed files", ["train.jsonl.gz"], undefined, ["train.jsonl.gz"]],
  [
    "no files about the data",
    ["dataset_infos.json", "package.json", ".hidden.json", "_x.json", "requirements.txt", "train.json"],
    undefined,
    ["train.json"],
  ],
];

for (const [name, files, part, expected] of LAYOUTS) {
  Deno.test(`chooseDatasetFiles() chooses: ${name}`, async () => assert.deepEqual(await chosen(files, part), expected));
}

const card = (configs: string) => `---\nlicense: mit\nconfigs:\n${configs}---\n# Data\n`;

/** Front matters, as READMEs at the hub have them. */
const CARDS: [name: string, files: string[], configs: string, part: Part | undefined, expected: string[]][] = [
  [
    "a list of splits",
    [...SHARDS, "data/test-0.parquet"],
    "- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*\n  - split: test\n    path: data/test-*\n",
    undefined,
    SHARDS,
  ],
  ["one pattern", ["a/x.jsonl", "b/y.jsonl"], '- config_name: default\n  data_files: "a/*.jsonl"\n', undefined, [
    "a/x.jsonl",
  ]],
  [
    "a list of patterns",
    ["a.jsonl", "b.jsonl", "c.jsonl"],
    "- config_name: d\n  data_files: [a.jsonl, c.jsonl]\n",
    undefined,
    ["a.jsonl", "c.jsonl"],
  ],
  [
    "a split of several patterns",
    ["a.jsonl", "b.jsonl", "c.jsonl"],
    "- config_name: d\n  data_files:\n  - split: train\n    path: [a.jsonl, b.jsonl]\n",
    undefined,
    ["a.jsonl", "b.jsonl"],
  ],
  [
    "a subset by its name",
    ["en/x.json", "de/x.json"],
    "- config_name: en\n  data_files: en/*\n- config_name: de\n  data_files: de/*\n",
    { subset: "de" },
    ["de/x.json"],
  ],
  [
    "the subset that is the default",
    ["en/x.json", "de/x.json"],
    "- config_name: en\n  data_files: en/*\n- config_name: de\n  default: true\n  data_files: de/*\n",
    undefined,
    ["de/x.json"],
  ],
  ["a folder of data", ["en/train.json", "de/train.json"], "- config_name: en\n  data_dir: en\n", undefined, [
    "en/train.json",
  ]],
  ["folders below folders", ["data/a/b/x.json"], '- config_name: d\n  data_files: "data/**/*.json"\n', undefined, [
    "data/a/b/x.json",
  ]],
];

for (const [name, files, configs, part, expected] of CARDS) {
  Deno.test(`chooseDatasetFiles() follows the README: ${name}`, async () => {
    assert.deepEqual(await chosen(files, part, card(configs)), expected);
  });
}

Deno.test("chooseDatasetFiles() passes over a README whose front matter is broken", async () => {
  assert.deepEqual(await chosen(["train.json"], undefined, "---\nconfigs: [\n---\n"), ["train.json"]);
  assert.deepEqual(await chosen(["train.json"], undefined, "# No front matter"), ["train.json"]);
});

/** What cannot be chosen, and what is said. */
const WRONG: [files: string[], part: Part | undefined, configs: string, says: string][] = [
  [[], undefined, "", "it has no data files (parquet, jsonl, json, csv, tsv, ndjson, txt); use another one"],
  [
    ["data.py"],
    undefined,
    "",
    'a Python script makes it, which ftx does not run; try "org/data@refs/convert/parquet", where the hub keeps what such scripts made',
  ],
  [
    ["train.json", "test.json"],
    { split: "validation" },
    "",
    'it has no split "validation"; choose one of train, test with split in dataset_info.json',
  ],
  [
    ["train.json"],
    { split: "train[:10%]" },
    "",
    'split = "train[:10%]" is not the name of a split; take a part of one with max_samples',
  ],
  [["en/x.json", "de/x.json"], { subset: "fr" }, "", 'it has no subset "fr"; choose one of en, de'],
  [["en/x.json"], { folder: "fr" }, "", 'it has no data in the folder "fr"; choose one of en'],
  [["a.json"], { subset: "x" }, "- config_name: d\n  data_files: a.json\n", 'it has no subset "x"; choose one of d'],
  [
    ["a.json"],
    undefined,
    "- config_name: d\n  data_files: a.json\n- config_name: e\n  data_files: a.json\n",
    "it has the subsets d, e; choose one with subset in dataset_info.json",
  ],
  [
    ["a.json"],
    undefined,
    "- config_name: d\n  data_files:\n  - split: test\n    path: a.json\n",
    'it has no split "train"; choose one of test with split in dataset_info.json',
  ],
  [
    ["a.json"],
    undefined,
    "- config_name: d\n  data_files: b.json\n",
    "its README names b.json, which is missing; choose another revision",
  ],
];

for (const [files, part, configs, says] of WRONG) {
  Deno.test(`chooseDatasetFiles() says: ${says}`, async () => {
    await assert.rejects(chosen(files, part, configs && card(configs)), {
      name: "DataError",
      message: `Cannot load dataset "org/data": ${says}`,
    });
  });
}
