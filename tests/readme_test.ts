// What the README says is true: its files and their lengths, its numbers, its commands.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { TEMPLATES } from "../templates/mod.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import { EXIT } from "../src/errors.ts";
import { ARCHITECTURES } from "../src/models/config.ts";
import { readText } from "../src/settings/file.ts";
import { settle } from "../src/recipe/settle.ts";
import { trainingSettings } from "../src/train/settings.ts";
import { settingsPage } from "../tools/docs.ts";
import { Place } from "./bad_input/place.ts";
import { ftx } from "./ftx.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const README = readFileSync(`${ROOT}/README.md`, "utf8");
const TESTED = readFileSync(`${ROOT}/docs/tested.md`, "utf8");

/** The insides of the README's fences of one language. */
const blocks = (language: string) =>
  [...README.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, "gms"))].map(([, text]) => text);

/** Every `./ftx …` and `npx -y deno task …`, in fences and in sentences, without its comment. */
const COMMAND_LINES = [...README.matchAll(/(?:\.\/ftx|npx -y deno task) [^`\n]+/g)]
  .map(([line]) => line.replace(/ +[#>] .*/, "").replace(" -q ", " ").trim());

Deno.test("README: every path in it exists", () => {
  const paths = [
    ...`${README}${TESTED}`.matchAll(/`((?:src|tests|ffi|templates|tools|examples|bench|\.ci)(?:\/[\w./]+)?)`/g),
  ];
  assert.ok(paths.length > 30);
  const later = ["src/web"];
  const missing = paths.map(([, path]) => path).filter((path) => !existsSync(ROOT + path) && !later.includes(path));
  assert.deepEqual(missing, []);
});

Deno.test("README: the lengths of files are right within 20 %", () => {
  const rows = [...README.matchAll(/^\| `([\w./]+)` \| (\d+) \|/gm)];
  assert.equal(rows.length, 10);
  for (const [, path, said] of rows) {
    const lines = readFileSync(ROOT + path, "utf8").split("\n").length - 1;
    assert.ok(Math.abs(Number(said) / lines - 1) < 0.2, `${path} has ${lines} lines, not ${said}`);
  }
});

Deno.test("README: its table has exactly the exit codes that exist", () => {
  const codes = [...README.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code));
  assert.deepEqual(codes, Object.values(EXIT));
});

Deno.test("README: stages, families and templates are those that exist", () => {
  for (const family of Object.values(ARCHITECTURES)) assert.match(TESTED, new RegExp(`\\b${family}\\b`));
  const stages = trainingSettings.shape.stage.unwrap().options;
  const both = stages.map((stage) => `\`${stage}\``).join(" and ");
  assert.ok(TESTED.includes(`Stages ${both}`) && README.includes(`stages ${both}`));
  const row = TESTED.match(/\| templates (.+?) \|/)![1].split(", ");
  const variants = ["qwen3_nothink", "phi"]; // of qwen3 and phi3
  assert.deepEqual(row, Object.keys(TEMPLATES).filter((name) => !variants.includes(name)));
});

Deno.test("README: the count of bad inputs is right", async () => {
  const files = ["adapters", "datasets", "kinds", "models", "names", "recipes", "runs", "tokenizers", "weights"];
  const lists = await Promise.all(files.map(async (name) => Object.values(await import(`./bad_input/${name}.ts`))));
  const count = lists.flat(2).length;
  assert.match(TESTED, new RegExp(`\\| ${count} kinds of bad input \\|`));
});

Deno.test("docs/tested.md names the peers in the versions of tests/parity/requirements.txt", () => {
  const wanted = readFileSync(`${ROOT}/tests/parity/requirements.txt`, "utf8").matchAll(/^([\w-]+)==([\d.]+)$/gm);
  const versions = new Map([...wanted].map(([, name, version]) => [name, version]));
  const [, said] = TESTED.match(/requirements\.txt`: ([^]*?)\.\n/)!;
  for (const [, name, version] of said.matchAll(/([a-z][\w-]*) (\d[\d.]*\d)/g)) {
    assert.equal(version, versions.get(name), name);
  }
  assert.ok(said.split(",").length > 5);
});

Deno.test("docs/settings.md is what the code declares: deno task docs writes it", () => {
  assert.equal(readFileSync(`${ROOT}/docs/settings.md`, "utf8"), settingsPage());
});

Deno.test("README: every task and every command of ftx in it exists", () => {
  const { tasks } = JSON.parse(readFileSync(`${ROOT}/deno.json`, "utf8"));
  for (const line of COMMAND_LINES) {
    const [program, ...words] = line.split(" ");
    if (program === "npx") assert.ok(words[3] === "…" || words[3] in tasks, line);
    else assert.ok(words[0] === "help" || words[0] in COMMANDS, line);
  }
});

Deno.test("README: its settings file is read, without a note", () => {
  const [yaml] = blocks("yaml");
  const { recipe, notes } = settle(readText(yaml, "llama3_lora_sft.yaml"), "train");
  assert.deepEqual([recipe.template, recipe.bf16, recipe.evalSteps], ["llama3", true, 500]);
  assert.deepEqual(notes, []);
});

Deno.test("README: the first fine-tune runs as it is written", async () => {
  using place = await Place.make();
  Deno.renameSync(place.path("nano"), place.path("my-model"));
  place.write("questions.json", blocks("json")[0]);
  place.write("notes.txt", "How do I list all images?\n\nWhat is the capital of France?\n");
  place.write("llama3_lora_sft.yaml", "model: my-model\ndataset: questions.json\nmax_steps: 1\nplot_loss: false\n");
  for (const line of COMMAND_LINES) {
    if (!line.startsWith("./ftx ") || line.includes("llama-3.1")) continue; // that model is at the hub
    const { code, out, err } = await ftx(place.folder, line.slice("./ftx ".length));
    assert.equal(code, 0, `${line}\n${err}`);
    assert.notEqual(out, "", line);
  }
  for (const file of ["adapter_model.safetensors", "run.yaml", "trainer_log.jsonl", "training_loss.png", "README.md"]) {
    assert.ok(existsSync(place.path(`runs/first/${file}`)), file);
  }
  assert.ok(existsSync(place.path("merged/model.safetensors")));
});
