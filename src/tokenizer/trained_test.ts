import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { trainedFolders } from "./mod.ts";

Deno.test("trainedFolders() begins with the last adapter that has a tokenizer, and ends with the model", () => {
  const folder = mkdtempSync(join(tmpdir(), "ftx-trained-")), at = (name: string) => join(folder, name);
  const files = { a: ["tokenizer.json"], "b/sub": ["tokenizer.json"], c: ["tokenizer_config.json", "tokenizer.model"] };
  for (const [name, list] of Object.entries(files)) {
    mkdirSync(at(name), { recursive: true });
    for (const file of list) writeFileSync(at(`${name}/${file}`), "{}");
  }
  const notes: string[] = [], onNote = (sentence: string) => notes.push(sentence);
  const of = (adapters: string[], adapterFolder?: string) =>
    trainedFolders({ modelNameOrPath: "m", adapterNameOrPath: adapters.map(at), adapterFolder }, { onNote });
  try {
    assert.deepEqual(trainedFolders({ modelNameOrPath: "m" }), ["m"]);
    assert.deepEqual(of(["none"]), ["m"]);
    assert.deepEqual(of(["a", "none"]), [at("a"), "m"]);
    assert.deepEqual(of(["a", "b"]), [at("a"), "m"]);
    assert.deepEqual(of(["a", "b"], "sub"), [at("b/sub"), "m"]);
    assert.deepEqual(notes, []);
    assert.deepEqual(of(["a", "c"]), [at("a"), "m"]);
    assert.deepEqual(notes, [
      `the adapter "${at("c")}" has no tokenizer.json: its tokenizer_config.json, tokenizer.model are unused`,
    ]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
