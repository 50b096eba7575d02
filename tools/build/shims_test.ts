import assert from "node:assert/strict";
import { findLibtorch, minor } from "../../src/libtorch/mod.ts";
import { libtorchsIn } from "./shims.ts";

Deno.test("libtorchsIn() takes the libtorch at hand where none is named", () => {
  assert.equal(libtorchsIn([])[0].root, findLibtorch().root);
});

Deno.test("libtorchsIn() refuses a folder without libtorch, and two of one minor version", () => {
  const empty = Deno.makeTempDirSync();
  assert.throws(() => libtorchsIn([empty]), {
    name: "FtxError",
    message: new RegExp(
      `^Cannot build a shim for "${empty}": it .+; name the folder with its lib and include$`,
    ),
  });
  Deno.removeSync(empty);
  const { root, version } = findLibtorch();
  assert.throws(() => libtorchsIn([root, root]), {
    name: "FtxError",
    message:
      `Cannot build two shims for libtorch ${minor(version)} ("${root}", "${root}"): leave one out, a shim serves ` +
      "the CPU and the CUDA build",
  });
});
