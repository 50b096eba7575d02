import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { cudaDevices, openTensors, threads, zeros } from "./mod.ts";

const MOD = new URL("mod.ts", import.meta.url).href;

// This file must not import tests/support/tensors.ts.
Deno.test("a tensor before openTensors() is refused with a sentence", () => {
  for (const act of [() => zeros([2]), () => threads(), () => cudaDevices()]) {
    assert.throws(act, {
      name: "FtxError",
      message: "Cannot use tensors: libtorch is not loaded; await openTensors() first",
    });
  }
});

Deno.test("importing tensors looks for no libtorch; openTensors() does, and compiles only if it must", async () => {
  const script = `
    const { openTensors } = await import(${JSON.stringify(MOD)});
    console.log("imported");
    const opening = openTensors(() => { throw new Error("asked for a shim") });
    console.log(opening === openTensors(() => { throw new Error("asked again") }));
    await opening.catch((error) => console.log(error.message));
  `;
  const run = async (env: Record<string, string>) => {
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--cached-only", "--config", fileURLToPath(new URL("../../deno.json", import.meta.url)), script],
      env: { NO_COLOR: "1", ...env },
    }).output();
    return new TextDecoder().decode(stdout).trimEnd().split("\n");
  };
  const [imported, once, why] = await run({ FTX_LIBTORCH: "/nowhere" });
  assert.deepEqual([imported, once], ["imported", "true"]);
  assert.match(why, /^Cannot use FTX_LIBTORCH = "\/nowhere": /);
  assert.deepEqual(await run({}), ["imported", "true"]); // the shim of this machine is there
});

Deno.test("openTensors() gives all callers one opening", async () => {
  const refuse = () => Promise.reject(new Error("a shim is there"));
  const first = openTensors(refuse);
  assert.equal(openTensors(refuse), first);
  await first;
  assert.ok(threads() >= 1);
});
