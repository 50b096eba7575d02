import assert from "node:assert/strict";
import { join } from "node:path";
import { otherThanFile, own } from "./outside.ts";

Deno.test("own() finds what a table has, and nothing that every object has", () => {
  assert.equal(own({ a: 1 }, "a"), 1);
  for (const name of ["b", "constructor", "toString", "__proto__"]) assert.equal(own({ a: 1 }, name), undefined);
});

Deno.test("otherThanFile() names what is no file, also behind a link, without opening it", async () => {
  const folder = await Deno.makeTempDir();
  const at = (name: string) => join(folder, name);
  try {
    await Deno.writeTextFile(at("file"), "");
    await new Deno.Command("mkfifo", { args: [at("pipe")] }).output();
    using _listener = Deno.listen({ transport: "unix", path: at("socket") });
    for (const [link, to] of [["to file", at("file")], ["to pipe", at("pipe")], ["to nothing", at("nothing")]]) {
      await Deno.symlink(to, at(link));
    }
    const found = ["file", "pipe", "socket", ".", "to file", "to pipe", "to nothing", "nothing"].map(at);
    assert.deepEqual([...found, "/dev/zero"].map(otherThanFile), [
      ...[undefined, "a pipe", "a socket", "a folder", undefined, "a pipe", undefined, undefined],
      "a device",
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
