// `deno compile` and when it is used. denort itself is on few machines that run tests: programs of the system stand in.
import assert from "node:assert/strict";
import { compileArguments, compileProgram, findDenort } from "../../tools/build/denort.ts";

const home = await Deno.makeTempDir();
Deno.test.afterAll(() => Deno.remove(home, { recursive: true }));

/** A program that prints its version, staged as ftx is. */
async function staged(): Promise<string> {
  const stage = await Deno.makeTempDir({ dir: home });
  await Deno.writeTextFile(`${stage}/deno.json`, `{ "name": "ftx", "exports": "./main.ts" }`);
  await Deno.writeTextFile(`${stage}/main.ts`, `console.log("ftx 1");`);
  await Deno.mkdir(`${stage}/ffi`);
  await Deno.writeTextFile(`${stage}/ffi/shim.h`, "// embedded\n");
  return stage;
}

Deno.test("findDenort() takes DENORT_BIN, then what Deno has kept, then the network", () => {
  assert.equal(findDenort({ DENORT_BIN: Deno.execPath() }, home, "9.9.9"), "DENORT_BIN");
  assert.equal(findDenort({}, home, "9.9.9"), "network");
  Deno.mkdirSync(`${home}/dl/release/v9.9.9`, { recursive: true });
  Deno.writeTextFileSync(`${home}/dl/release/v9.9.9/denort-${Deno.build.target}.zip`, "");
  assert.equal(findDenort({}, home, "9.9.9"), "cache");
  assert.equal(findDenort({}, home, "9.9.8"), "network");
  assert.throws(() => findDenort({ DENORT_BIN: "/no/denort" }, home), {
    name: "FtxError",
    message: 'Cannot build with DENORT_BIN "/no/denort": there is no such file; unset it, or correct the path',
  });
});

Deno.test("compileArguments() embeds what is staged, and lets the result unpack itself", async () => {
  const args = compileArguments(await staged(), "/out/ftx");
  assert.equal(args[0], "compile");
  assert.ok(args.includes("--self-extracting"));
  assert.deepEqual(args.filter((arg) => arg.startsWith("--include")), ["--include=ffi", "--include=deno.json"]);
  assert.deepEqual(args.slice(-2), ["--output=/out/ftx", "main.ts"]);
});

Deno.test("compileProgram() makes a file around denort, and starts it once", async () => {
  const out = `${home}/compiled`;
  await withDenort("/bin/echo", async () => {
    // echo prints "version": a denort that runs something else is not taken
    assert.equal(await compileProgram(await staged(), out), "what it made does not start (no word)");
    assert.throws(() => Deno.statSync(out), Deno.errors.NotFound);
  });
  await withDenort("/bin/false", async () => {
    assert.equal(await compileProgram(await staged(), out), "what it made does not start (no word)");
  });
  const stage = await staged();
  await Deno.writeTextFile(`${stage}/main.ts`, `import "./gone.ts";`);
  await withDenort("/bin/true", async () => {
    assert.match(await compileProgram(stage, out) ?? "", /gone\.ts/);
  });
});

async function withDenort(path: string, work: () => Promise<void>): Promise<void> {
  const before = Deno.env.get("DENORT_BIN");
  Deno.env.set("DENORT_BIN", path);
  try {
    await work();
  } finally {
    if (before === undefined) Deno.env.delete("DENORT_BIN");
    else Deno.env.set("DENORT_BIN", before);
  }
}
