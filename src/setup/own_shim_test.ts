import assert from "node:assert/strict";
import { NoCompilerError } from "./compiler.ts";
import { planShim } from "./compile.ts";
import { ownShim, type Workshop } from "./own_shim.ts";

const home = Deno.makeTempDirSync();
const folder = () => Deno.makeTempDirSync({ dir: home });
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

const LIBTORCH = { root: "/opt/libtorch", version: "2.12.0", why: "" };
const INSTALL = 'install one with "apt-get install g++", or name yours in CXX';

/** A machine without a compiler, for an ftx that brings these shims. */
function bare(...shipped: string[]): Workshop {
  const sources = folder();
  Deno.writeTextFileSync(`${sources}/shim.cpp`, "// a");
  const compiler = () => Promise.reject(new NoCompilerError('there is no C++ compiler "g++"', INSTALL));
  return { sources, build: folder(), shipped, compiler };
}

Deno.test("ownShim() says which libtorch was found, which ones have a shim, and what to do", async () => {
  await assert.rejects(ownShim(LIBTORCH, [], bare("2.11", "2.13")), {
    name: "FtxError",
    exitCode: 2,
    message: 'Cannot load a shim for libtorch 2.12.0 in "/opt/libtorch": this ftx has only shims for 2.11 and 2.13, ' +
      'and it cannot compile one: there is no C++ compiler "g++"; install one with "apt-get install g++", or name yours in CXX, ' +
      'or set FTX_LIBTORCH to a libtorch 2.11 or 2.13, or run "ftx setup --fetch" for libtorch 2.13.0',
  });
});

Deno.test("ownShim() says so, too, when ftx brings no shim at all", async () => {
  await assert.rejects(ownShim(LIBTORCH, [], bare()), {
    message: 'Cannot load a shim for libtorch 2.12.0 in "/opt/libtorch": this ftx has no shims, ' +
      `and it cannot compile one: there is no C++ compiler "g++"; ${INSTALL}`,
  });
});

Deno.test("ownShim() says why the shim that there is does not do", async () => {
  const passedOver = ["the one of this ftx does not load (GLIBC_2.34 not found)"];
  await assert.rejects(ownShim(LIBTORCH, passedOver, bare("2.12")), {
    message:
      'Cannot load a shim for libtorch 2.12.0 in "/opt/libtorch": the one of this ftx does not load (GLIBC_2.34 ' +
      `not found), and it cannot compile one: there is no C++ compiler "g++"; ${INSTALL}`,
  });
});

Deno.test("ownShim() takes what was compiled earlier, and needs no compiler for that", async () => {
  const workshop = bare(), { shim } = planShim(LIBTORCH, workshop.sources, workshop.build);
  Deno.mkdirSync(shim.replace("/libftx.so", ""), { recursive: true });
  Deno.writeTextFileSync(shim, "");
  assert.deepEqual(await ownShim(LIBTORCH, [], workshop), { path: shim, why: "compiled here" });
});
