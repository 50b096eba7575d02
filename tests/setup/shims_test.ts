// The real shims: one a minor version of libtorch, chosen by the libtorch that is found.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findLibtorch, minor, readLibtorch } from "../../src/libtorch/mod.ts";
import { findCompiler, makeShim, planShim } from "../../src/setup/mod.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const OTHER = Deno.env.get("FTX_OTHER_LIBTORCH"); // the folder of a libtorch of another minor version
const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

/** Loads libtorch and the best of these shims in a process of its own; what it prints: "2.13.0 /…/libftx-2.13.so". */
async function loaded(libtorch: string, shipped: string): Promise<string> {
  const script = `
    import { findLibtorch, loadShim, openLibtorch } from "${ROOT}/src/libtorch/mod.ts";
    const libtorch = findLibtorch();
    openLibtorch(libtorch.root);
    const table = { ftx_version: { parameters: ["buffer", "i32"], result: "i32" } };
    const never = () => { throw new Error("none fits"); };
    const { shim, library } = await loadShim(libtorch, table, never, { env: {}, records: [], shipped: ${
    JSON.stringify(shipped)
  } });
    const text = new Uint8Array(64), length = library.symbols.ftx_version(text, text.length);
    console.log(new TextDecoder().decode(text.subarray(0, length)), shim.path);`;
  const path = `${home}/load.ts`;
  Deno.writeTextFileSync(path, script);
  const args = ["run", "-A", "--no-check", "--cached-only", "--config", `${ROOT}/deno.json`, path];
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { FTX_LIBTORCH: libtorch } })
    .output();
  return new TextDecoder().decode(stdout).trim() || new TextDecoder().decode(stderr);
}

Deno.test({
  name: "of the shims for two libtorchs, each libtorch gets its own, and none gets the other's" +
    (OTHER ? "" : " (FTX_OTHER_LIBTORCH names no second one: skipped)"),
  ignore: !OTHER,
  async fn() {
    const shipped = `${home}/shims`, both: { root: string; version: string }[] = [findLibtorch()];
    const other = readLibtorch(OTHER!);
    assert.ok(typeof other !== "string", `FTX_OTHER_LIBTORCH ${other}`);
    both.push({ root: OTHER!, ...other });
    Deno.mkdirSync(shipped);
    for (const { root, version } of both) {
      const plan = planShim({ root, version, why: "" }, `${ROOT}/ffi`, `${ROOT}/build`);
      Deno.copyFileSync(await makeShim(plan, findCompiler), `${shipped}/libftx-${minor(version)}.so`);
    }
    for (const { root, version } of both) {
      assert.equal(await loaded(root, shipped), `${version} ${shipped}/libftx-${minor(version)}.so`);
    }
    // Exchanged, they are refused for what they say of themselves.
    const [one, two] = both.map(({ version }) => `${shipped}/libftx-${minor(version)}.so`);
    Deno.renameSync(one, `${one}.aside`);
    Deno.renameSync(two, one);
    assert.match(await loaded(both[0].root, shipped), /none fits/);
  },
});
