// ftx setup as the binary's user runs it: a folder with the program and its shims, a home, and little else.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { findLibtorch, findShims, minor } from "../../src/libtorch/mod.ts";
import { earlierShim } from "../../src/setup/mod.ts";
import type { Build } from "../../src/setup/wheels.ts";
import { buildOf, serveIndex, wheelOf } from "./fake_index.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");
const home = Deno.makeTempDirSync({ prefix: "ftx setup " }); // with spaces
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));
const folder = () => Deno.makeTempDirSync({ dir: home });

const libtorch = findLibtorch();
const [shim = earlierShim(libtorch)] = findShims(libtorch);

/** The program as the binary unpacks it, with shims for these versions of libtorch. */
function program(...versions: string[]): string {
  const root = folder();
  for (const name of ["main.ts", "src", "ffi", "templates", "deno.json", "deno.lock"]) {
    Deno.symlinkSync(`${ROOT}/${name}`, `${root}/${name}`);
  }
  Deno.mkdirSync(`${root}/shims`);
  for (const version of versions) Deno.copyFileSync(shim!.path, `${root}/shims/libftx-${version}.so`);
  return root;
}

/** Gives the program this build in place of those that it can fetch. */
function knowing(root: string, build: Build) {
  for (const folder of ["src", "src/setup"]) {
    Deno.removeSync(`${root}/${folder}`);
    Deno.mkdirSync(`${root}/${folder}`);
    for (const { name } of Deno.readDirSync(`${ROOT}/${folder}`)) {
      Deno.symlinkSync(`${ROOT}/${folder}/${name}`, `${root}/${folder}/${name}`);
    }
  }
  Deno.removeSync(`${root}/src/setup/wheels.json`);
  Deno.writeTextFileSync(`${root}/src/setup/wheels.json`, JSON.stringify({ builds: [build] }));
}

/** Runs `ftx` of that program with these variables and no others but a PATH without a compiler, pip or python3. */
async function ftx(root: string, line: string, env: Record<string, string>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      "--cached-only",
      "--frozen",
      `--config=${root}/deno.json`,
      `${root}/main.ts`,
      ...line.split(" "),
    ],
    clearEnv: true,
    env: {
      NO_COLOR: "1",
      PATH: "/nowhere",
      DENO_DIR: denoDir(),
      PIP_CONFIG_FILE: "/dev/null",
      OMP_NUM_THREADS: "1",
      ...env,
    },
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), err: text.decode(stderr) };
}

function denoDir(): string {
  return Deno.env.get("DENO_DIR") ?? `${Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME")}/.cache`}/deno`;
}

/** This machine's libtorch under another version. */
function renamed(version: string): string {
  const root = folder();
  for (const name of ["lib", "include"]) Deno.symlinkSync(`${libtorch.root}/${name}`, `${root}/${name}`);
  Deno.writeTextFileSync(`${root}/version.py`, `__version__ = '${version}+cpu'\n`);
  return root;
}

Deno.test("ftx setup takes the shim that the program brings, and later starts know the libtorch", async () => {
  const root = program("2.10", minor(libtorch.version)), XDG_CACHE_HOME = folder();
  const { code, out, err } = await ftx(root, "setup --json", { XDG_CACHE_HOME, FTX_LIBTORCH: libtorch.root });
  assert.deepEqual([code, err], [0, ""]);
  const path = `${root}/shims/libftx-${minor(libtorch.version)}.so`;
  assert.deepEqual(JSON.parse(out).shim, { path, why: "this ftx" });
  const version = await ftx(root, "version", { XDG_CACHE_HOME });
  assert.match(
    version.out,
    new RegExp(
      `\\nshim for libtorch ${minor(libtorch.version)} \\(.*, from this ftx\\)\\nlibtorch ${libtorch.version} `,
    ),
  );
});

Deno.test("a libtorch that has no shim is refused with what to do, by setup and by runs", async () => {
  const root = program("2.11", "2.13"), other = renamed("2.12.0"), XDG_CACHE_HOME = folder();
  const run = `chat --model ${ROOT}/examples/tiny --template default --prompt hello`;
  for (const command of ["setup", run]) {
    const { code, err } = await ftx(root, command, { XDG_CACHE_HOME, FTX_LIBTORCH: other });
    assert.deepEqual([code, err], [
      2,
      `error: Cannot load a shim for libtorch 2.12.0 in "${other}": this ftx has only shims for 2.11 and 2.13, and it ` +
      'cannot compile one: there is no C++ compiler "g++"; install one with "apt-get install g++" (Debian, Ubuntu) or ' +
      '"dnf install gcc-c++" (Fedora, RHEL), or name yours in CXX, or set FTX_LIBTORCH to a libtorch 2.11 or 2.13, or run ' +
      '"ftx setup --fetch" for libtorch 2.13.0\n',
    ]);
  }
});

Deno.test("ftx setup says when it knows no package index", async () => {
  const { code, err } = await ftx(program("2.13"), "setup", { XDG_CACHE_HOME: folder() });
  assert.deepEqual([code, err], [
    2,
    "error: Cannot fetch libtorch 2.13.0: no package index is configured, and there is no pip that knows one; name one " +
    "with --index-url or in PIP_INDEX_URL, or set FTX_LIBTORCH to a libtorch " +
    "of yours\n",
  ]);
});

Deno.test("ftx setup fetches from the index that pip's configuration names, without pip", async () => {
  const wheel = wheelOf({
    "torch/version.py": "__version__ = '2.13.0+cpu'",
    "torch/lib/libc10.so": "none",
    "torch/lib/libtorch_cpu.so": "none",
    "torch/include/ATen/Operators.h": "",
    "torch/include/torch/csrc/api/include/torch/all.h": "",
  });
  const name = "torch-2.13.0+cpu-cp312-cp312-linux_x86_64.whl", wheels = { [name]: wheel };
  await using index = serveIndex({ wheels });
  const root = program("2.13");
  knowing(root, buildOf(wheels, [name]));
  const XDG_CACHE_HOME = folder(), PIP_CONFIG_FILE = `${folder()}/pip.conf`;
  Deno.writeTextFileSync(PIP_CONFIG_FILE, `[global]\nindex-url = ${index.url}\n`);
  const { code, err } = await ftx(root, "setup --cpu", { XDG_CACHE_HOME, PIP_CONFIG_FILE });
  const fetched = `${XDG_CACHE_HOME}/ftx/libtorch/2.13.0-cpu/torch`;
  assert.deepEqual([code, err], [
    2, // it is no libtorch, which shows when it is loaded
    `Fetching libtorch 2.13.0 (CPU): one file, 2 KiB\nerror: Cannot load libtorch from "${fetched}": ${fetched}/lib/libc10.so: ` +
    'file too short; set FTX_LIBTORCH to another one, or run "ftx setup --fetch"\n',
  ]);
});

Deno.test("ftx setup refuses flags and versions that it cannot use", async () => {
  const root = program(), env = { XDG_CACHE_HOME: folder() };
  const refused = async (line: string) => (await ftx(root, `setup ${line}`, env)).err;
  assert.equal(await refused("--cpu --cuda"), "error: Cannot use --cpu with --cuda: choose one\n");
  assert.equal(await refused("--index-url"), "error: Cannot use --index-url: it needs a value\n");
  assert.equal(
    await refused("now"),
    'error: Cannot use "now" with ftx setup: it takes only flags; ftx setup --help lists its flags\n',
  );
  assert.equal(
    await refused("--fetch --libtorch-version 2.9.0"),
    "error: Cannot fetch libtorch 2.9.0: ftx has the checksums of 2.11.0, 2.12.1, 2.13.0 only; choose one of these with " +
      "--libtorch-version, or set FTX_LIBTORCH to a libtorch of yours\n",
  );
});
