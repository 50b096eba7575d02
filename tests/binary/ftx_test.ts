// The real file: built with little compression, copied alone into an empty folder, started with an empty environment.
import assert from "node:assert/strict";
import { findLibtorch, minor, readLibtorch } from "../../src/libtorch/mod.ts";
import { build } from "../../tools/build.ts";

const OTHER = Deno.env.get("FTX_OTHER_LIBTORCH"); // of another minor version

const folder = await Deno.makeTempDir({ prefix: "ftx alone " });
Deno.test.afterAll(() => Deno.remove(folder, { recursive: true }));
const libtorch = findLibtorch();

/** Starts the file with a home, a libtorch, and nothing else. */
async function alone(args: string[], root = libtorch.root) {
  const { code, stdout, stderr } = await new Deno.Command(`${folder}/ftx`, {
    args,
    cwd: folder,
    env: { HOME: `${folder}/home`, FTX_LIBTORCH: root, OMP_NUM_THREADS: "1" },
    clearEnv: true,
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

Deno.test("the built file is below 60 MB", async () => {
  const libtorchs = OTHER ? [libtorch.root, OTHER] : [libtorch.root];
  await build({ libtorchs, out: `${folder}/ftx`, way: "launcher", level: 3 });
  await Deno.mkdir(`${folder}/home`);
  const { size } = await Deno.stat(`${folder}/ftx`);
  assert.ok(size < 60e6, `${size} bytes`);
});

Deno.test("alone in a folder it says its version, and prints nothing that is not its own", async () => {
  const { code, out, err } = await alone(["version"]);
  assert.deepEqual([code, err], [0, ""]);
  assert.match(out, /^ftx \d/);
  assert.ok(out.includes(libtorch.version), out);
});

Deno.test("alone in a folder it fine-tunes the model that it brings, with plots", async () => {
  const data = `${folder}/questions.json`;
  await Deno.writeTextFile(data, JSON.stringify([{ instruction: "List all images", output: "docker images" }]));
  const words =
    "sft --model ftx-tiny --lora --dataset questions.json --template default --output-dir run --max-steps 2";
  const { code, err } = await alone([
    ...words.split(" "),
    "--cutoff-len",
    "64",
    "--plot-loss",
    "true",
    "--logging-steps",
    "1",
  ]);
  assert.equal(code, 0, err);
  const made = Array.from(Deno.readDirSync(`${folder}/run`), ({ name }) => name);
  for (const name of ["adapter_model.safetensors", "training_loss.png"]) assert.ok(made.includes(name), made.join());
});

Deno.test("it tries out a tokenizer before it uses it, and refuses one that would end the process", async () => {
  const tokenizer = JSON.parse(
    await Deno.readTextFile(new URL("../fixtures/tokenizer/tokenizer.json", import.meta.url)),
  );
  tokenizer.pre_tokenizer = { type: "FixedLength", length: 0 };
  await Deno.mkdir(`${folder}/bad`);
  await Deno.writeTextFile(`${folder}/bad/tokenizer.json`, JSON.stringify(tokenizer));
  const words = "data preview --model bad --dataset questions.json --template default";
  const { code, err } = await alone(words.split(" "));
  const why = 'it makes the tokenizer library crash ("chunk size must be non-zero"); download the file again';
  assert.deepEqual([code, err], [2, `error: Cannot load tokenizer "bad/tokenizer.json": ${why}\n`]);
});

Deno.test("a mistake ends with its sentence and exit code", async () => {
  const { code, err } = await alone(["fly"]);
  assert.deepEqual([code, err], [2, 'error: Cannot run "ftx fly": there is no such command; ftx help lists them\n']);
});

Deno.test({
  name: `it takes the shim that fits the libtorch${OTHER ? "" : " (FTX_OTHER_LIBTORCH names no second one: skipped)"}`,
  ignore: !OTHER,
  async fn() {
    const words = "chat --model ftx-tiny --template default --max-new-tokens 2 --prompt hello".split(" ");
    for (const root of [libtorch.root, OTHER!]) {
      const found = readLibtorch(root);
      assert.ok(typeof found !== "string");
      const { out } = await alone(["version"], root);
      assert.ok(out.includes(found.version) && out.includes(`libftx-${minor(found.version)}.so`), out);
      const { code, err } = await alone(words, root);
      assert.equal(code, 0, err);
    }
  },
});
