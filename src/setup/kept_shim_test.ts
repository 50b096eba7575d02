import assert from "node:assert/strict";
import { findLibtorch } from "../libtorch/mod.ts";
import { planShim } from "./compile.ts";
import { type Compiler, findCompiler } from "./compiler.ts";
import { keepShim, keptShim, takeShim } from "./kept_shim.ts";
import { makeShim } from "./make_shim.ts";

const home = Deno.makeTempDirSync();
const folder = () => Deno.makeTempDirSync({ dir: home });
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

const sources = folder();
Deno.writeTextFileSync(`${sources}/shim.cpp`, 'extern "C" int seven() { return 7; }');
const LIBTORCH = findLibtorch();
const clone = () => planShim(LIBTORCH, sources, folder());
const names = (path: string) => Array.from(Deno.readDirSync(path), ({ name }) => name).sort();

Deno.test("a kept shim is taken by another clone, and only while its bytes are those that were kept", () => {
  const cache = folder(), first = clone(), second = clone();
  assert.equal(takeShim(second, cache), false);
  Deno.mkdirSync(first.shim.replace("/libftx.so", ""), { recursive: true });
  Deno.writeTextFileSync(first.shim, "shim");
  keepShim(first, cache);
  assert.equal(takeShim(second, cache), true);
  assert.equal(Deno.readTextFileSync(second.shim), "shim");
  const [key] = names(`${cache}/shims`), place = `${cache}/shims/${key}`;
  assert.deepEqual(names(place), ["libftx.so", "libftx.so.sha256"]);
  Deno.writeTextFileSync(`${place}/libftx.so`, "shin");
  assert.equal(keptShim(second, cache), undefined);
  keepShim(first, cache); // what is spoiled is replaced
  assert.ok(keptShim(second, cache));
  Deno.removeSync(`${place}/libftx.so.sha256`);
  assert.equal(keptShim(second, cache), undefined);
});

Deno.test("a cache that cannot be written is no reason to fail", () => {
  const plan = clone(), cache = `${folder()}/file`;
  Deno.writeTextFileSync(cache, "");
  Deno.mkdirSync(plan.shim.replace("/libftx.so", ""), { recursive: true });
  Deno.writeTextFileSync(plan.shim, "shim");
  keepShim(plan, cache);
  assert.equal(takeShim(plan, cache), false);
});

Deno.test("makeShim() compiles once on a machine; a second clone needs no compiler, unless what was kept is spoiled", async () => {
  const before = Deno.env.get("XDG_CACHE_HOME"), cache = folder();
  Deno.env.set("XDG_CACHE_HOME", cache);
  let compiled = 0;
  const compiler = (): Promise<Compiler> => (compiled++, findCompiler());
  try {
    await makeShim(clone(), compiler);
    const second = clone();
    await makeShim(second, compiler);
    assert.equal(compiled, 1);
    assert.equal(Deno.dlopen(second.shim, { seven: { parameters: [], result: "i32" } }).symbols.seven(), 7);
    const place = `${cache}/ftx/shims`, [key] = names(place);
    Deno.writeTextFileSync(`${place}/${key}/libftx.so`, "spoiled");
    await makeShim(clone(), compiler);
    assert.equal(compiled, 2);
    await makeShim(clone(), compiler);
    assert.equal(compiled, 2);
  } finally {
    if (before === undefined) Deno.env.delete("XDG_CACHE_HOME");
    else Deno.env.set("XDG_CACHE_HOME", before);
  }
});
