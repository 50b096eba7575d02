import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { isClone, programRoot } from "./root.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

Deno.test("programRoot() is the folder that holds ffi, however deep the code lies", () => {
  assert.equal(programRoot(), ROOT);
  assert.equal(programRoot(`${ROOT}/main.js`), ROOT);
  assert.ok(isClone(ROOT));
});

Deno.test("programRoot() says when there is no such folder", () => {
  assert.throws(() => programRoot("/nowhere/main.js"), {
    message: "ftx is not whole: nothing above its code holds ffi/shim.h",
  });
});
