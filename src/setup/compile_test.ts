import assert from "node:assert/strict";
import { findLibtorch, openLibtorch } from "../libtorch/mod.ts";
import { compileShim, condense, planShim } from "./compile.ts";
import { findCompiler } from "./compiler.ts";

const home = Deno.makeTempDirSync();
const folder = () => Deno.makeTempDirSync({ dir: home });
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

const LIBTORCH = { root: "/opt/libtorch", version: "2.13.0", why: "" };

/** A folder with the sources of a small shim. */
function sources(files: Record<string, string> = {}): string {
  const root = folder();
  const all = { "shim.h": "// h", "shim.cpp": "// a", "kernels/rope.cpp": "// b", "dist/gloo.cpp": "// c", ...files };
  for (const [name, text] of Object.entries(all)) {
    Deno.mkdirSync(`${root}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${root}/${name}`, text);
  }
  return root;
}

Deno.test("planShim() takes the sources of ffi and ffi/kernels, and names the shim for libtorch's minor version", () => {
  const root = sources(), plan = planShim(LIBTORCH, root, "/build");
  assert.deepEqual(plan.objects.map(({ source }) => source), [`${root}/kernels/rope.cpp`, `${root}/shim.cpp`]);
  assert.match(plan.shim, /^\/build\/shim\/2\.13-[0-9a-f]{12}\/libftx\.so$/);
});

Deno.test("planShim() gives the same names to the same contents, wherever they lie", () => {
  const [a, b] = [planShim(LIBTORCH, sources(), "/a"), planShim(LIBTORCH, sources(), "/b")];
  assert.equal(a.shim.slice("/a".length), b.shim.slice("/b".length));
});

Deno.test("planShim() renames one object for a changed source, all for a changed header, compiler or libtorch", () => {
  const base = planShim(LIBTORCH, sources(), "/build", "g++");
  const kept = (plan: typeof base) => {
    assert.notEqual(plan.shim, base.shim);
    return plan.objects.filter(({ object }) => base.objects.some((one) => one.object === object)).length;
  };
  assert.equal(kept(planShim(LIBTORCH, sources({ "shim.cpp": "// changed" }), "/build", "g++")), 1);
  assert.equal(kept(planShim(LIBTORCH, sources({ "shim.h": "// changed" }), "/build", "g++")), 0);
  assert.equal(kept(planShim(LIBTORCH, sources({ "kernels/simd.h": "// new" }), "/build", "g++")), 0);
  assert.equal(kept(planShim(LIBTORCH, sources(), "/build", "g++-13")), 0);
  assert.equal(kept(planShim({ ...LIBTORCH, version: "2.11.0" }, sources(), "/build", "g++")), 0);
  assert.equal(kept(planShim({ ...LIBTORCH, cuda: "13.0" }, sources(), "/build", "g++")), 0);
});

const TEAM = `#include <omp.h>
extern "C" int team() {
  int n = 0;
#pragma omp parallel num_threads(3)
#pragma omp atomic
  n++;
  return n;
}`;

Deno.test("compileShim() makes a library that shares libtorch's OpenMP runtime", async () => {
  const libtorch = findLibtorch(), plan = planShim(libtorch, sources({ "shim.cpp": TEAM }), folder());
  await compileShim(plan, await findCompiler());
  openLibtorch(libtorch.root);
  const shim = Deno.dlopen(plan.shim, { team: { parameters: [], result: "i32" } });
  assert.equal(shim.symbols.team(), 3);
  const maps = Deno.readTextFileSync("/proc/self/maps").split("\n").map((line) => line.split(/\s+/)[5] ?? "");
  assert.equal(new Set(maps.filter((path) => /lib(gomp|omp|iomp)/.test(path))).size, 1);
});

Deno.test("compileShim() compiles only what changed, and leaves nothing half done", async () => {
  const libtorch = findLibtorch(), build = folder(), root = sources();
  await compileShim(planShim(libtorch, root, build), await findCompiler());
  const times = () => Array.from(Deno.readDirSync(`${build}/objects`), ({ name }) => name).sort();
  const before = times();
  Deno.writeTextFileSync(`${root}/shim.cpp`, "int broken = ;");
  const plan = planShim(libtorch, root, build);
  await assert.rejects(compileShim(plan, { command: ["g++"], name: "g++ 12" }), {
    name: "FtxError",
    message: `Cannot compile "shim.cpp" with g++ 12 against libtorch ${libtorch.version}: ` +
      "shim.cpp:1:14: error: expected primary-expression before ';' token; " +
      `the compiler's full output is in "${build}/compile.log"`,
  });
  assert.deepEqual(times(), before);
});

Deno.test("condense() keeps the first two errors of a compiler's answer, and knows when memory ran out", () => {
  const said = [
    "In file included from /clone/ffi/kernels/rope.cpp:3:",
    "/clone/ffi/shim.h:7:1: error: 'H' does not name a type",
    "    7 | H put();",
    "/clone/ffi/shim.h:8:1: error: second",
    "/clone/ffi/shim.h:9:1: error: third",
  ].join("\n");
  assert.equal(condense(said, "/clone/ffi"), "shim.h:7:1: error: 'H' does not name a type | shim.h:8:1: error: second");
  const killed = "g++: fatal error: Killed signal terminated program cc1plus";
  assert.equal(condense(killed, "/clone/ffi"), "there was not enough memory (1.3 GB for each file)");
  assert.equal(condense("\n", "/clone/ffi"), "it printed nothing");
});
