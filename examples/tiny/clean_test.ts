import assert from "node:assert/strict";
import { blocks, plain, readable, unfold } from "./clean.ts";

Deno.test("plain() writes typographic characters in ASCII", () => {
  assert.equal(plain("\u201cDocker\u2019s\u201d \u2014 1\u20132\u2026"), '"Docker\'s"  -  1-2...');
});

Deno.test("blocks() splits at blank lines and keeps indentation", () => {
  assert.deepEqual(blocks("NAME\n  a\n\n \n  b\n  c\n"), [["NAME", "  a"], ["  b", "  c"]]);
});

Deno.test("unfold() joins lines that were broken to fit, and no others", () => {
  const broken = [
    "aespipe is an encryption tool that reads from standard input and",
    "writes to standard output. It uses the AES cipher.",
  ];
  assert.equal(unfold(broken), broken.join(" "));
  assert.equal(
    unfold(["This package provides:", "* a panel", "* a launcher"]),
    "This package provides:\n* a panel\n* a launcher",
  );
});

Deno.test("readable() keeps prose and commands and drops drawings and other scripts", () => {
  assert.ok(readable("docker run -d --name web nginx"));
  assert.ok(!readable("+-----+-----+\n|  1  |  2  |"));
  assert.ok(!readable("\u0421\u043f\u0438\u0441\u043e\u043a \u043f\u0430\u043a\u0435\u0442\u043e\u0432"));
});
