import assert from "node:assert/strict";
import { join } from "node:path";
import { RecipeError } from "../errors.ts";
import { readFile, readText } from "./file.ts";

const refused = (text: string) => {
  try {
    readText(text, "a.yaml");
  } catch (error) {
    assert.ok(error instanceof RecipeError);
    return error.message;
  }
  assert.fail("it was read");
};

Deno.test("readText() gives each setting its line", () => {
  const text = "### model\nmodel: a\n\nlora_rank: 8 # small\nadd_tokens:\n  - <x>\n  - <y>\n";
  assert.deepEqual(readText(text, "a.yaml"), [
    { name: "model", value: "a", where: "a.yaml:2", source: "a" },
    { name: "lora_rank", value: 8, where: "a.yaml:4", source: "8" },
    { name: "add_tokens", value: ["<x>", "<y>"], where: "a.yaml:5" },
  ]);
  assert.deepEqual(readText("", "a.yaml"), []);
});

Deno.test("readText() reads JSON, tabs and all", () => {
  assert.deepEqual(readText('{\n\t"lora_rank": 16,\n\t"dataset": ["a", "b"]\n}', "a.json"), [
    { name: "lora_rank", value: 16, where: "a.json:2", source: "16" },
    { name: "dataset", value: ["a", "b"], where: "a.json:3" },
  ]);
});

Deno.test("readText() fills in environment variables", () => {
  const text = "model: ${oc.env:HOME}/llama\ntemplate: ${oc.env:NONE,qwen}\n";
  assert.deepEqual(readText(text, "a.yaml", { HOME: "/home/a" }).map(({ value }) => value), ["/home/a/llama", "qwen"]);
  assert.equal(
    refused("a: 1\nmodel: ${oc.env:NONE}\ntemplate: ${x}"),
    "Cannot use model (a.yaml:2): the environment variable NONE is not set; set it, or write ${oc.env:NONE,default}\n" +
      "Cannot use template (a.yaml:3): ftx replaces only ${oc.env:NAME}, not ${x}",
  );
});

Deno.test("readText() refuses a setting given twice, and names both lines", () => {
  assert.equal(
    refused("lora_rank: 8\nseed: 1\nlora_rank: 16"),
    "Cannot use lora_rank twice (a.yaml:3): a.yaml:1 sets it already",
  );
});

Deno.test("readText() refuses what is not a list of settings", () => {
  assert.equal(refused("- a\n- b"), 'Cannot read "a.yaml": it must be a list of "name: value" lines');
  assert.equal(refused("hello"), 'Cannot read "a.yaml": it must be a list of "name: value" lines');
  assert.match(refused("a: [1, 2\nb: 3"), /^Cannot read a\.yaml:2: /);
  assert.match(refused("a: 'x"), /^Cannot read a\.yaml:1: /);
});

Deno.test("readText() refuses hostile YAML: aliases, tags, depth, number of nodes", () => {
  assert.equal(refused("a: &x 1\nb: *x"), "Cannot read a.yaml:2: write the value again in place of *x");
  assert.match(
    refused("a: !!python/object/apply:os.system [ls]"),
    /^Cannot read a\.yaml:1: the reader of YAML says "Unresolved tag[^"]*"; correct it$/,
  );
  assert.equal(refused("a: " + "[".repeat(100_000)), 'Cannot read "a.yaml": it is nested more than 64 levels deep');
  assert.equal(refused("a:\n  " + "- ".repeat(400_000)), 'Cannot read "a.yaml": it is nested more than 64 levels deep');
  const steps = Array.from({ length: 200 }, (_, i) => " ".repeat(i) + "a:\n").join("");
  assert.equal(refused(steps), "Cannot read a.yaml:1: it is too large or too deep for a settings file");
  assert.equal(
    refused("a: [" + "1,".repeat(150_000) + "]"),
    "Cannot read a.yaml:1: it is too large or too deep for a settings file",
  );
  assert.deepEqual(readText("__proto__: {x: 1}", "a.yaml").map(({ name }) => name), ["__proto__"]);
  assert.equal(({} as Record<string, unknown>).x, undefined);
});

Deno.test("readFile() refuses what is missing, no file, too large or not text", async () => {
  const folder = await Deno.makeTempDir();
  const message = (path: string) =>
    readFile(path, {}).then(() => assert.fail("it was read"), (error: Error) => error.message.replace(folder, ""));
  assert.equal(
    await message(join(folder, "none.yaml")),
    'Cannot read "/none.yaml": there is no such file; check its path',
  );
  assert.equal(
    await message(folder),
    'Cannot read "": it is a folder; name a YAML or JSON file with settings',
  );
  await Deno.writeFile(join(folder, "bytes.yaml"), new Uint8Array([0x61, 0xff, 0xfe]));
  assert.equal(await message(join(folder, "bytes.yaml")), 'Cannot read "/bytes.yaml": it is not UTF-8 text');
  await Deno.writeTextFile(join(folder, "large.yaml"), "#".repeat(2 << 20));
  assert.equal(
    await message(join(folder, "large.yaml")),
    'Cannot read "/large.yaml": it has 2097152 bytes; a settings file can have at most 1048576',
  );
  await Deno.remove(folder, { recursive: true });
});
