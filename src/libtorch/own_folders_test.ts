import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { isClone, libtorchCache, programRoot, temporary, userCache, workFolder } from "./own_folders.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

Deno.test("programRoot() is the folder that holds ffi, however deep the code lies", () => {
  assert.equal(programRoot(), ROOT);
  assert.equal(programRoot(`${ROOT}/main.js`), ROOT);
  assert.ok(isClone(ROOT));
});

Deno.test("programRoot() says when there is no such folder", () => {
  assert.throws(() => programRoot("/nowhere/main.js"), {
    message: "ftx is incomplete: no folder above its code has ffi/shim.h",
  });
});

Deno.test("userCache() follows XDG_CACHE_HOME, else lies in the home folder", () => {
  assert.equal(userCache({ XDG_CACHE_HOME: "/c", HOME: "/home/ada" }), "/c/ftx");
  assert.equal(userCache({ XDG_CACHE_HOME: "", HOME: "/home/ada" }), "/home/ada/.cache/ftx");
  assert.equal(libtorchCache({ HOME: "/home/ada" }), "/home/ada/.cache/ftx/libtorch");
});

Deno.test("workFolder() is a clone's build folder, and the user's cache for the binary", () => {
  const root = Deno.makeTempDirSync(), env = { XDG_CACHE_HOME: "/c" };
  assert.equal(workFolder(env, root), "/c/ftx");
  Deno.mkdirSync(`${root}/tools`);
  Deno.writeTextFileSync(`${root}/tools/setup.ts`, "");
  assert.equal(workFolder(env, root), `${root}/build`);
  Deno.removeSync(root, { recursive: true });
});

Deno.test("temporary() is a folder of ours alone: one that others may write is left alone", () => {
  const home = Deno.makeTempDirSync(), path = `${home}/ftx-0`;
  assert.equal(temporary(path), path);
  assert.equal(Deno.statSync(path).mode! & 0o777, 0o700);
  assert.equal(temporary(path), path);
  Deno.chmodSync(path, 0o777);
  assert.equal(temporary(path), `${path}-${Deno.pid}`);
  Deno.removeSync(path);
  Deno.symlinkSync("/tmp", path);
  assert.equal(temporary(path), `${path}-${Deno.pid}`);
  Deno.removeSync(home, { recursive: true });
});
