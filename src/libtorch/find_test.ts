import assert from "node:assert/strict";
import { findLibtorch, type Places } from "./find.ts";
import { stampOf } from "./folder.ts";
import { openLibtorch } from "./open.ts";
import { readRecord, writeRecord } from "./record.ts";

const FILES = [
  "lib/libc10.so",
  "lib/libtorch_cpu.so",
  "include/ATen/Operators.h",
  "include/torch/csrc/api/include/torch/all.h",
];

const home = Deno.makeTempDirSync();
const folder = () => Deno.makeTempDirSync({ dir: home });
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

/** A folder that looks like a wheel's libtorch, less the files in `without`. */
function fakeLibtorch(version = "2.13.0+cpu", { without = "none", cuda = "" } = {}): string {
  const root = folder();
  for (const file of FILES.concat(cuda ? "lib/libtorch_cuda.so" : []).filter((file) => !file.startsWith(without))) {
    Deno.mkdirSync(`${root}/${file}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${root}/${file}`, file);
  }
  Deno.writeTextFileSync(
    `${root}/version.py`,
    `__version__ = '${version}'\ncuda: Optional[str] = ${cuda ? `'${cuda}'` : "None"}\n`,
  );
  return root;
}

/** Places where nothing is, but what is given. */
function only(given: Partial<Places>): Places {
  return { env: {}, records: [], cache: "/nowhere/cache", python: () => undefined, ...given };
}

/** A record as setup leaves it, in a folder of its own. */
function recordOf(root: string, change: Record<string, unknown> = {}): string {
  const path = `${folder()}/libtorch.json`;
  const entry = { root, version: "2.13.0", why: "FTX_LIBTORCH", stamp: stampOf(root), shim: "shim/2.13-abc/libftx.so" };
  Deno.writeTextFileSync(path, JSON.stringify({ ...entry, ...change }));
  return path;
}

Deno.test("findLibtorch() takes FTX_LIBTORCH, LIBTORCH, the record, python3's torch and the cache in this order", () => {
  const [a, b, c, d] = Array.from({ length: 4 }, () => fakeLibtorch());
  const cache = folder();
  Deno.mkdirSync(`${cache}/2.13.0-cpu`);
  Deno.renameSync(fakeLibtorch(), `${cache}/2.13.0-cpu/torch`);
  const given: Partial<Places> = {
    env: { FTX_LIBTORCH: a, LIBTORCH: b },
    records: [recordOf(c)],
    python: () => d,
    cache,
  };
  const found = () => findLibtorch(only(given)).root;
  assert.equal(found(), a);
  given.env = { FTX_LIBTORCH: "", LIBTORCH: b };
  assert.equal(found(), b);
  given.env = {};
  assert.equal(found(), c);
  given.records = ["/nowhere/libtorch.json"];
  assert.equal(found(), d);
  delete given.python;
  assert.equal(found(), `${cache}/2.13.0-cpu/torch`);
});

Deno.test("findLibtorch() starts no Python where a record holds", () => {
  const python = () => assert.fail("python3 was started");
  const root = fakeLibtorch();
  assert.equal(findLibtorch(only({ records: ["/nowhere/libtorch.json", recordOf(root)], python })).why, "FTX_LIBTORCH");
});

Deno.test("findLibtorch() tells version, CUDA version and what led to it", () => {
  const root = fakeLibtorch("2.11.0+cu130", { cuda: "13.0" });
  const env = { LIBTORCH: `${root}/` };
  assert.deepEqual(findLibtorch(only({ env })), { root, version: "2.11.0", cuda: "13.0", why: "LIBTORCH" });
});

Deno.test("findLibtorch() reads the version of a libtorch without Python from build-version", () => {
  const root = fakeLibtorch("", { cuda: "13.0" });
  Deno.removeSync(`${root}/version.py`);
  Deno.writeTextFileSync(`${root}/build-version`, "2.12.1+cu126\n");
  const { version, cuda } = findLibtorch(only({ env: { FTX_LIBTORCH: root } }));
  assert.deepEqual([version, cuda], ["2.12.1", "12.6"]);
});

Deno.test("findLibtorch() warns of a libtorch newer than the tested one, and goes on", () => {
  const { warning } = findLibtorch(only({ python: () => fakeLibtorch("2.14.1+cpu") }));
  assert.equal(warning, "libtorch 2.14.1 is newer than 2.13: ftx is not tested with it");
});

Deno.test("findLibtorch() takes the newest of its cache, and of equals the CUDA build", () => {
  const cache = folder();
  const put = (name: string, root: string) => {
    Deno.mkdirSync(`${cache}/${name}`);
    Deno.renameSync(root, `${cache}/${name}/torch`);
  };
  put("2.12.0-cpu", fakeLibtorch("2.12.0+cpu"));
  put("2.13.0-cpu", fakeLibtorch());
  put("2.13.0-cuda", fakeLibtorch("2.13.0+cu130", { cuda: "13.0" }));
  put("partial-1", fakeLibtorch("2.99.0"));
  assert.equal(findLibtorch(only({ cache })).root, `${cache}/2.13.0-cuda/torch`);
});

Deno.test("findLibtorch() passes over what does not fit, and names it when nothing else is found", () => {
  const old = fakeLibtorch("2.4.0"), bare = fakeLibtorch("2.13.0", { without: "include" });
  const places = only({ env: { LIBTORCH: old }, python: () => bare });
  assert.throws(() => findLibtorch(places), {
    name: "FtxError",
    message: `Cannot find libtorch 2.11 to 2.13: LIBTORCH = "${old}": it is version 2.4.0, older than 2.11, ` +
      `the torch of python3 = "${bare}": it has no include/ATen/Operators.h; ` +
      'run "ftx setup", or set FTX_LIBTORCH to a folder that holds lib/ and include/',
  });
  const cache = folder();
  Deno.mkdirSync(`${cache}/2.13.0-cpu`);
  Deno.renameSync(fakeLibtorch(), `${cache}/2.13.0-cpu/torch`);
  assert.equal(findLibtorch({ ...places, cache }).why, "ftx's cache");
});

Deno.test("findLibtorch() says when there is nothing at all", () => {
  assert.throws(() => findLibtorch(only({})), {
    message: "Cannot find libtorch 2.11 to 2.13: FTX_LIBTORCH and LIBTORCH are not set, python3 has no torch; " +
      'run "ftx setup", or set FTX_LIBTORCH to a folder that holds lib/ and include/',
  });
});

Deno.test("findLibtorch() refuses an FTX_LIBTORCH that does not fit, whatever else there is", () => {
  const refused = (root: string, why: string) => {
    assert.throws(() => findLibtorch(only({ env: { FTX_LIBTORCH: root }, python: fakeLibtorch })), {
      message: `Cannot use FTX_LIBTORCH = "${root}": it ${why}; ` +
        "point it at the folder that holds lib/ and include/ of libtorch 2.11 to 2.13, or unset it",
    });
  };
  refused("/nowhere", "does not exist");
  refused(fakeLibtorch("2.13.0", { without: "lib/libtorch_cpu.so" }), "has no lib/libtorch_cpu.so");
  refused(fakeLibtorch("2.13.0", { without: "include/torch" }), "has no include/torch/csrc/api/include");
  refused(fakeLibtorch("1.13.1"), "is version 1.13.1, older than 2.11");
  const unnamed = fakeLibtorch();
  Deno.removeSync(`${unnamed}/version.py`);
  refused(unnamed, "has neither version.py nor build-version");
});

Deno.test("readRecord() ignores a record that is damaged, or whose libtorch was replaced or removed", () => {
  const root = fakeLibtorch(), path = recordOf(root);
  assert.equal(readRecord(path)?.root, root);
  Deno.writeTextFileSync(`${root}/lib/libtorch_cpu.so`, "another build");
  assert.equal(readRecord(path), undefined);
  assert.equal(readRecord(recordOf(root, { root: "/nowhere" })), undefined);
  for (const damage of ['{"root": "/op', "null", "7", "{}"]) {
    Deno.writeTextFileSync(path, damage);
    assert.equal(readRecord(path), undefined);
  }
});

Deno.test("writeRecord() leaves what readRecord() finds, and nothing beside it", () => {
  const root = fakeLibtorch(), build = folder(), path = `${build}/libtorch.json`;
  const libtorch = { root, version: "2.13.0", why: "LIBTORCH" };
  writeRecord(path, libtorch, "shim/2.13-abc/libftx.so");
  writeRecord(path, libtorch);
  assert.deepEqual(readRecord(path), { ...libtorch, stamp: stampOf(root) });
  assert.deepEqual(Array.from(Deno.readDirSync(build), ({ name }) => name), ["libtorch.json"]);
});

Deno.test("openLibtorch() says why a library cannot be loaded", () => {
  const root = fakeLibtorch();
  assert.throws(() => openLibtorch(root), {
    message: `Cannot load libtorch from "${root}": ${root}/lib/libc10.so: file too short; ` +
      'set FTX_LIBTORCH to another one, or run "ftx setup --fetch"',
  });
});
