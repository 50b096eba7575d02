import assert from "node:assert/strict";
import { accept, findCompiler } from "./compiler.ts";

const INSTALL = 'install one with "apt-get install g++" (Debian, Ubuntu) or "dnf install gcc-c++" (Fedora, RHEL)';

Deno.test("findCompiler() respects CXX, with words before and after the program", async () => {
  const { command, name } = await findCompiler("env g++");
  assert.deepEqual(command, ["env", "g++"]);
  assert.match(name, /^env g\+\+ \d+\.\d+/);
});

Deno.test("findCompiler() names the command that installs a compiler", async () => {
  await assert.rejects(findCompiler("no-such-g++"), {
    name: "NoCompilerError",
    message: `Cannot compile the shim: there is no C++ compiler "no-such-g++"; ${INSTALL}, or name yours in CXX`,
  });
});

Deno.test("accept() refuses clang and compilers from before C++20", () => {
  assert.equal(accept("g++", "g++ (Debian 12.2.0-14+deb12u1) 12.2.0\nCopyright"), "g++ 12.2.0");
  assert.throws(() => accept("clang++", "Debian clang version 14.0.6\nTarget: x86_64"), {
    message: "Cannot compile the shim: clang++ 14.0.6 does not use libtorch's OpenMP runtime, which is GNU's; " +
      `${INSTALL}, and name it in CXX`,
  });
  assert.throws(() => accept("g++", "g++ (GCC) 8.5.0 20210514 (Red Hat 8.5.0-4)"), {
    message:
      `Cannot compile the shim: g++ 8.5.0 is older than version 10, which C++20 needs; ${INSTALL}, and name it in CXX`,
  });
});
