import assert from "node:assert/strict";
import { stampOf } from "./folder.ts";
import { findLibtorch } from "./find.ts";
import { openLibtorch } from "./open.ts";
import { writeRecord } from "./record.ts";
import { findShims, loadShim, type Shim, type ShimPlaces, shippedVersions } from "./shim.ts";

const home = Deno.makeTempDirSync();
const folder = () => Deno.makeTempDirSync({ dir: home });
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

const LIBTORCH = { root: "/opt/libtorch", version: "2.13.0", why: "" };

/** Places where nothing is, but what is given. */
function only(given: Partial<ShimPlaces>): ShimPlaces {
  return { env: {}, records: [], shipped: "/nowhere/shims", ...given };
}

/** A folder with shims for these versions, as the binary unpacks it. */
function shims(...versions: string[]): string {
  const at = folder();
  for (const version of versions) Deno.writeTextFileSync(`${at}/libftx-${version}.so`, "");
  return at;
}

/** A libtorch for records, and a record with a shim beside it. */
function recorded(): { libtorch: typeof LIBTORCH; record: string; shim: string } {
  const libtorch = { ...LIBTORCH, root: folder() }, build = folder();
  Deno.mkdirSync(`${libtorch.root}/lib`);
  Deno.writeTextFileSync(`${libtorch.root}/lib/libtorch_cpu.so`, "");
  Deno.writeTextFileSync(`${build}/libftx.so`, "");
  writeRecord(`${build}/libtorch.json`, libtorch, "libftx.so");
  return { libtorch, record: `${build}/libtorch.json`, shim: `${build}/libftx.so` };
}

Deno.test("findShims() is FTX_SHIM alone; else the one of the last setup, then the program's for the minor version", () => {
  const { libtorch, record, shim } = recorded(), shipped = shims("2.11", "2.13");
  const env = { FTX_SHIM: "/dev/shim.so" };
  const paths = (given: Partial<ShimPlaces>) => findShims(libtorch, only(given)).map(({ path, why }) => [path, why]);
  assert.deepEqual(paths({ env, records: [record], shipped }), [["/dev/shim.so", "FTX_SHIM"]]);
  assert.deepEqual(paths({ records: [record], shipped }), [
    [shim, "the last setup"],
    [`${shipped}/libftx-2.13.so`, "this ftx"],
  ]);
  assert.deepEqual(paths({ shipped: shims("2.11") }), []);
});

Deno.test("findShims() takes a record's shim for the record's libtorch only, and only while both are there", () => {
  const { libtorch, record, shim } = recorded();
  const found = (root: string) => findShims({ ...libtorch, root }, only({ records: ["/nowhere", record] })).length;
  assert.equal(found(libtorch.root), 1);
  assert.equal(found("/opt/other"), 0);
  Deno.removeSync(shim);
  assert.equal(found(libtorch.root), 0);
});

Deno.test("shippedVersions() are those of the shims that came with the program, oldest first", () => {
  assert.deepEqual(shippedVersions(shims("2.13", "2.9", "2.11")), ["2.9", "2.11", "2.13"]);
  assert.deepEqual(shippedVersions("/nowhere"), []);
});

/** Compiles a library that says it is a shim for `version`, and has `ftx_more` only on demand. */
async function fakeShim(path: string, version: string, more = ""): Promise<void> {
  const source = `${folder()}/shim.c`;
  Deno.writeTextFileSync(
    source,
    `int ftx_version(char* out, int cap) { const char* v = "${version}"; int n = 0;
     while (v[n] && n < cap) { out[n] = v[n]; n++; } return n; } ${more}`,
  );
  const { success } = await new Deno.Command("gcc", { args: ["-shared", "-fPIC", "-o", path, source] }).output();
  assert.ok(success);
}

const TABLE = { ftx_more: { parameters: [], result: "i32" } } as const;
const MORE = "int ftx_more(void) { return 7; }";
const never = () => assert.fail("compiled");

Deno.test("loadShim() opens the shim for the libtorch at hand out of several", async () => {
  const shipped = folder();
  await fakeShim(`${shipped}/libftx-2.11.so`, "2.11.0", "int ftx_more(void) { return 11; }");
  await fakeShim(`${shipped}/libftx-2.13.so`, "2.13.0", "int ftx_more(void) { return 13; }");
  const more = async (version: string) =>
    (await loadShim({ ...LIBTORCH, version }, TABLE, never, only({ shipped }))).library.symbols.ftx_more();
  assert.equal(await more("2.11.3"), 11);
  assert.equal(await more("2.13.1"), 13);
});

Deno.test("loadShim() passes over shims that do not fit, tells why, and loads what is compiled in their place", async () => {
  const { libtorch, record, shim } = recorded(), shipped = folder(), own = `${folder()}/libftx.so`;
  await fakeShim(`${shipped}/libftx-2.13.so`, "2.13.0");
  await fakeShim(own, "2.13.0", MORE);
  const told: string[] = [];
  const compile = (_: unknown, passedOver: string[]): Promise<Shim> => {
    told.push(...passedOver);
    return Promise.resolve({ path: own, why: "compiled here" });
  };
  const { library } = await loadShim(libtorch, TABLE, compile, only({ records: [record], shipped }));
  assert.equal(library.symbols.ftx_more(), 7);
  assert.deepEqual(told, [
    `the one of the last setup does not load (${shim}: file too short)`,
    `the one of this ftx is not from this ftx (it has no ftx_more)`,
  ]);
});

Deno.test("loadShim() refuses an FTX_SHIM made for another libtorch", async () => {
  const path = `${folder()}/libftx.so`;
  await fakeShim(path, "2.11.0", MORE);
  await assert.rejects(loadShim(LIBTORCH, TABLE, never, only({ env: { FTX_SHIM: path }, shipped: shims("2.13") })), {
    name: "FtxError",
    exitCode: 2,
    message: `Cannot use FTX_SHIM "${path}" with libtorch 2.13.0 in "/opt/libtorch": it is made for libtorch 2.11.0; ` +
      "unset FTX_SHIM, or point it at another one",
  });
});

Deno.test("loadShim() says when what was compiled does not load either", async () => {
  const path = `${folder()}/libftx.so`;
  await fakeShim(path, "2.12.0", MORE);
  const compile = () => Promise.resolve<Shim>({ path, why: "compiled here" });
  await assert.rejects(loadShim(LIBTORCH, TABLE, compile, only({})), {
    message: `Cannot use the shim "${path}" with libtorch 2.13.0 in "/opt/libtorch": it is made for libtorch 2.12.0; ` +
      'delete it and run "ftx setup"',
  });
});

Deno.test("the shim of this machine is made for its libtorch", async () => {
  const libtorch = findLibtorch();
  openLibtorch(libtorch.root);
  const { shim } = await loadShim(libtorch, {}, never);
  assert.ok(stampOf(libtorch.root) && shim.path);
});
