// ftx doctor as a user runs it, on intact machines and on broken ones.

import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { Finding } from "../src/doctor/mod.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

/** What `ftx doctor --json` finds with these variables, by name; uses no network. */
async function doctor(env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--cached-only", MAIN, "doctor", "--json"],
    env: { HF_HUB_OFFLINE: "1", OMP_NUM_THREADS: "1", HF_TOKEN: "hf_secret", ...env },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(!text.includes("hf_secret"));
  assert.ok(text, new TextDecoder().decode(stderr));
  const { ok, findings } = JSON.parse(text) as { ok: boolean; findings: Finding[] };
  for (const { state, remedy } of findings) assert.equal(remedy !== undefined, state !== "ok");
  return { code, ok, of: Object.fromEntries(findings.map((finding) => [finding.name, finding])) };
}

/** A folder with the file names of a libtorch, all of them fakes. */
function hollowLibtorch(): string {
  const root = Deno.makeTempDirSync({ dir: home });
  for (const file of ["lib/libc10.so", "lib/libtorch_cpu.so", "include/ATen/Operators.h"]) {
    Deno.mkdirSync(`${root}/${file}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${root}/${file}`, "");
  }
  Deno.mkdirSync(`${root}/include/torch/csrc/api/include`, { recursive: true });
  Deno.writeTextFileSync(`${root}/version.py`, "__version__ = '2.13.0+cpu'\n");
  return root;
}

Deno.test("ftx doctor finds everything in order on this machine, and ends with 0", async () => {
  const { code, ok, of } = await doctor();
  assert.deepEqual([code, ok], [0, true], JSON.stringify(of));
  for (const name of ["libtorch", "shim", "tokenizer", "cache", "hub", "token"]) {
    assert.notEqual(of[name].state, "problem", name);
  }
  assert.equal(of.threads.facts?.threads, 1);
});

Deno.test("ftx doctor reports on a machine without libtorch, and ends with 2", async () => {
  const { code, ok, of } = await doctor({ FTX_LIBTORCH: "/nowhere" });
  assert.deepEqual([code, ok], [2, false]);
  assert.equal(of.libtorch.text, 'Cannot use FTX_LIBTORCH = "/nowhere": it does not exist');
  assert.equal(of.libtorch.state, "problem");
  assert.equal(of.tokenizer.state, "ok");
});

Deno.test("ftx doctor reports on a libtorch that does not load", async () => {
  const root = hollowLibtorch(), { code, of } = await doctor({ FTX_LIBTORCH: root });
  assert.equal(code, 2);
  assert.equal(of.libtorch.text, `Cannot load libtorch from "${root}": ${root}/lib/libc10.so: file too short`);
  assert.equal(of.libtorch.remedy, 'set FTX_LIBTORCH to another one, or run "ftx setup --fetch"');
});

Deno.test("ftx doctor reports on a shim that does not load", async () => {
  const shim = `${home}/libftx.so`;
  Deno.writeTextFileSync(shim, "no library");
  const { code, of } = await doctor({ FTX_SHIM: shim });
  assert.equal(code, 2);
  assert.equal(of.libtorch.state, "ok");
  assert.match(of.shim.text, /^Cannot use FTX_SHIM ".*" with libtorch .*: it does not load \(.*: file too short\)$/);
  assert.equal(of.shim.remedy, "unset FTX_SHIM, or point it at another one");
});

Deno.test("ftx doctor --help says what it does, and a wrong flag is a sentence", async () => {
  const run = async (flag: string) => {
    const args = ["run", "-A", "--no-check", "--cached-only", MAIN, "doctor", flag];
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, env: { NO_COLOR: "1" } }).output();
    return { code, out: new TextDecoder().decode(stdout), err: new TextDecoder().decode(stderr) };
  };
  assert.match((await run("--help")).out, /--json/);
  const { code, err } = await run("--jsn");
  assert.deepEqual([code, err], [
    2,
    'error: Cannot use --jsn with ftx doctor: it has no such flag; ftx doctor --help lists its flags; did you mean "--json"?\n',
  ]);
});
