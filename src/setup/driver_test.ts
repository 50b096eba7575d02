import assert from "node:assert/strict";
import { cudaVersion, driverCuda, runsOn } from "./driver.ts";

const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

/** A driver's library that answers cuDriverGetVersion as this C code does. */
async function fakeDriver(body: string): Promise<string> {
  const folder = Deno.makeTempDirSync({ dir: home }), path = `${folder}/libcuda.so.1`;
  Deno.writeTextFileSync(`${folder}/cuda.c`, `int cuDriverGetVersion(int* version) { ${body} }`);
  const { success } = await new Deno.Command("gcc", { args: ["-shared", "-o", path, `${folder}/cuda.c`] }).output();
  assert.ok(success);
  return path;
}

Deno.test("driverCuda() is the newest CUDA that the driver supports", async () => {
  assert.deepEqual(driverCuda(await fakeDriver("*version = 12080; return 0;")), [12, 8]);
  assert.deepEqual(driverCuda(await fakeDriver("*version = 13000; return 0;")), [13, 0]);
});

Deno.test("driverCuda() is undefined where there is no driver, or one that fails", async () => {
  assert.equal(driverCuda("/nowhere/libcuda.so.1"), undefined);
  assert.equal(driverCuda(await fakeDriver("return 999;")), undefined);
});

Deno.test("runsOn() holds for builds of the same CUDA and of older ones, and for newer minor versions", () => {
  assert.ok(runsOn([13, 0], [13, 0]) && runsOn([12, 6], [13, 0]) && runsOn([12, 9], [12, 4]));
  assert.ok(!runsOn([13, 0], [12, 8]));
});

Deno.test("cudaVersion() reads the first two numbers", () => {
  assert.deepEqual(cudaVersion("13.0.3"), [13, 0]);
  assert.equal(cudaVersion("unknown"), undefined);
});
