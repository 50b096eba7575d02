import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OPENAI_TAGS } from "./entry.ts";
import { findDataset } from "./info.ts";

const folder = mkdtempSync(join(tmpdir(), "ftx-info-"));
addEventListener("unload", () => rmSync(folder, { recursive: true }));
writeFileSync(join(folder, "a.json"), "[]");

function withInfo(info: unknown) {
  writeFileSync(join(folder, "dataset_info.json"), typeof info === "string" ? info : JSON.stringify(info));
}

Deno.test("findDataset() reads an entry; tags that are not listed keep their defaults", async () => {
  withInfo({
    d: {
      file_name: "a.json",
      formatting: "openai",
      num_samples: 3,
      tags: { user_tag: "me" },
      columns: { system: "s" },
    },
  });
  assert.deepEqual(await findDataset("d", folder), {
    name: "d",
    files: [join(folder, "a.json")],
    formatting: "openai",
    columns: { system: "s" },
    tags: { ...OPENAI_TAGS, user_tag: "me" },
    numSamples: 3,
  });
});

Deno.test("findDataset() takes a file as given, and under dataset_dir", async () => {
  withInfo({});
  for (const name of ["a.json", join(folder, "a.json")]) {
    const { files, formatting } = await findDataset(name, folder);
    assert.deepEqual([files, formatting], [[join(folder, "a.json")], "detect"]);
  }
});

const path = join(folder, "dataset_info.json");

/** What is in dataset_info.json, and what is said when "alpaca_en" is asked for. */
const WRONG: [info: unknown, sentence: string][] = [
  [
    {},
    `Cannot find dataset "alpaca_en": it is neither a file nor a name in "${path}"; check the path, or give org/name at the hub`,
  ],
  [
    { alpca_en: {} },
    `Cannot find dataset "alpaca_en": it is neither a file nor a name in "${path}"; did you mean "alpca_en"?`,
  ],
  [
    { x: {}, y: {} },
    `Cannot find dataset "alpaca_en": it is neither a file nor a name in "${path}" (x, y); check the path`,
  ],
  ["[]", `Cannot read "${path}": it is not an object; write {"name": {"file_name": …}}`],
  [
    { alpaca_en: {} },
    'Cannot load dataset "alpaca_en": its entry in dataset_info.json has neither file_name nor hf_hub_url; add one',
  ],
  [
    { alpaca_en: { ms_hub_url: "a/b" } },
    'Cannot load dataset "alpaca_en": it is at "a/b", and ftx downloads only from Hugging Face\'s hub; give hf_hub_url, or ' +
    "download its files and give file_name",
  ],
  [
    { alpaca_en: { hf_hub_url: "not a name" } },
    'Cannot load dataset "alpaca_en": "not a name" cannot be a data set at the hub; write org/name or org/name@revision',
  ],
  [
    { alpaca_en: { file_name: "a.json", ranking: true } },
    'Cannot load dataset "alpaca_en": it holds preferences, and this version of ftx cannot train on those; use another data set',
  ],
  [
    { alpaca_en: { file_name: "a.json", columns: { promt: "x" } } },
    'Cannot load dataset "alpaca_en": dataset_info.json has columns.promt: this key is not known; did you mean "prompt"?',
  ],
  [
    { alpaca_en: { file_name: "b.json" } },
    `Cannot read "${join(folder, "b.json")}": there is no such file or folder; check its name`,
  ],
];

for (const [info, sentence] of WRONG) {
  Deno.test(`findDataset() says: ${sentence.replaceAll(folder, "…")}`, async () => {
    withInfo(info);
    await assert.rejects(findDataset("alpaca_en", folder), { name: "DataError", message: sentence });
  });
}

Deno.test("findDataset() says where a name could have been", async () => {
  const sentence =
    'Cannot find dataset "x": there is no such file, and no "none/dataset_info.json" that could name it; check the path, or give org/name at the hub';
  await assert.rejects(findDataset("x", "none"), { name: "DataError", message: sentence });
});

Deno.test("a name of LLaMA-Factory's own list is one at the hub", async () => {
  await assert.rejects(findDataset("alpaca_en", "/nowhere", { cacheDir: "/nowhere" }), /"llamafactory\/alpaca_en"/);
});

Deno.test("ftx-docker is the data that comes with ftx", async () => {
  const { files, formatting } = await findDataset("ftx-docker", "/nowhere");
  assert.match(files[0], /examples\/docker\/train\.json$/);
  assert.equal(formatting, "detect");
});
