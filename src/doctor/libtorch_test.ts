import assert from "node:assert/strict";
import { NoCompilerError } from "../setup/mod.ts";
import { libtorchFinding, shimFinding } from "./libtorch.ts";
import type { LibtorchSeen } from "./libtorch_look.ts";

const LIBTORCH = { root: "/opt/libtorch", version: "2.13.0", why: "LIBTORCH" };
const SHIM = { path: "/shims/libftx-2.13.so", why: "this ftx", version: "2.13.0" } as const;
const seen = (more: Partial<LibtorchSeen> = {}) => ({ seen: { libtorch: LIBTORCH, cuda: false, shim: SHIM, ...more } });

Deno.test("libtorchFinding() tells version, build, place and what led to it", () => {
  const { state, text } = libtorchFinding(seen());
  assert.deepEqual([state, text], ["ok", '2.13.0 (CPU) in "/opt/libtorch", from LIBTORCH']);
  const cuda = libtorchFinding(seen({ libtorch: { ...LIBTORCH, cuda: "13.0" }, cuda: true }));
  assert.equal(cuda.text, '2.13.0 (CUDA 13.0) in "/opt/libtorch", from LIBTORCH');
});

Deno.test("libtorchFinding() warns of a CUDA half that does not load, and of a libtorch that is too new", () => {
  const cudaFailure = "libcudnn.so.9: cannot open shared object file";
  const half = libtorchFinding(seen({ libtorch: { ...LIBTORCH, cuda: "13.0" }, cudaFailure }));
  assert.deepEqual([half.state, half.text, half.remedy], [
    "warning",
    `2.13.0 (CUDA 13.0) in "/opt/libtorch", from LIBTORCH; its CUDA half does not load: ${cudaFailure}`,
    'install the NVIDIA libraries that it needs, or run "ftx setup --cuda"',
  ]);
  const newer = libtorchFinding(seen({ libtorch: { ...LIBTORCH, warning: "libtorch 2.14.0 is newer than 2.13" } }));
  assert.equal(newer.state, "warning");
});

Deno.test("libtorchFinding() says which libtorch does not load, and why none is found", () => {
  const broken = libtorchFinding({ failure: "loading it crashes the process (SIGBUS)" }, () => LIBTORCH);
  assert.deepEqual([broken.state, broken.text, broken.remedy], [
    "problem",
    '2.13.0 in "/opt/libtorch", from LIBTORCH, does not load: loading it crashes the process (SIGBUS)',
    'set FTX_LIBTORCH to another one, or run "ftx setup --fetch"',
  ]);
  const none = libtorchFinding({ failure: 'Cannot find libtorch: python3 has no torch; run "ftx setup"' });
  assert.deepEqual([none.text, none.remedy], ["Cannot find libtorch: python3 has no torch", 'run "ftx setup"']);
});

Deno.test("shimFinding() tells the shim that loads", async () => {
  const { state, text } = await shimFinding(seen());
  assert.deepEqual([state, text], ["ok", 'for libtorch 2.13.0, from this ftx: "/shims/libftx-2.13.so"']);
});

Deno.test("shimFinding() warns where a compiler can make the shim, and tells a problem where none can", async () => {
  const none = seen({ shim: undefined, shimFailure: "there is none for this version yet" });
  const can = await shimFinding(none, () => Promise.resolve({ command: ["g++"], name: "g++ 12.2.0" }));
  assert.deepEqual([can.state, can.text], [
    "warning",
    "none for libtorch 2.13.0: there is none for this version yet; the first run compiles one with g++ 12.2.0",
  ]);
  const cannot = await shimFinding(none, () => Promise.reject(new NoCompilerError("there is no g++", "install one")));
  assert.deepEqual([cannot.state, cannot.text, cannot.remedy], [
    "problem",
    "none for libtorch 2.13.0: there is none for this version yet; Cannot compile the shim: there is no g++",
    "install one",
  ]);
});

Deno.test("shimFinding() repeats what is wrong with FTX_SHIM", async () => {
  const shimFailure = 'Cannot use FTX_SHIM "/x": it is made for libtorch 2.11.0; unset FTX_SHIM';
  const { state, text, remedy } = await shimFinding(seen({ shim: undefined, shimFailure }));
  assert.deepEqual([state, text, remedy], [
    "problem",
    'Cannot use FTX_SHIM "/x": it is made for libtorch 2.11.0',
    "unset FTX_SHIM",
  ]);
});
