import assert from "node:assert/strict";
import { driverCuda, readDriver, runsOn } from "./driver.ts";

const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

/** A driver's library, compiled from this C code. */
async function library(code: string): Promise<string> {
  const path = `${Deno.makeTempDirSync({ dir: home })}/libcuda.so.1`;
  Deno.writeTextFileSync(`${path}.c`, `#include <string.h>\n${code}`);
  const { success } = await new Deno.Command("gcc", { args: ["-shared", "-o", path, `${path}.c`] }).output();
  assert.ok(success);
  return path;
}

/** A driver of two GPUs, of which the first has the handle 10, and whose cuInit answers this. */
const cuda = (init: number, version = 13000) =>
  library(`
  int cuDriverGetVersion(int* v) { *v = ${version}; return 0; }
  int cuInit(unsigned f) { return ${init}; }
  int cuGetErrorName(int e, const char** s) { *s = e == 802 ? "CUDA_ERROR_SYSTEM_NOT_READY" : 0; return 0; }
  int cuDeviceGetCount(int* n) { *n = 2; return 0; }
  int cuDeviceGet(int* d, int i) { *d = 10 + i; return 0; }
  int cuDeviceGetName(char* s, int n, int d) { strcpy(s, d == 10 ? "NVIDIA H100" : "Tesla T4"); return 0; }
  int cuDeviceTotalMem_v2(unsigned long* b, int d) { *b = d == 10 ? 85520809984ul : 16ul << 30; return 0; }
  int cuDeviceGetAttribute(int* v, int a, int d) { *v = a == 75 ? (d == 10 ? 9 : 7) : (d == 10 ? 0 : 5); return 0; }
  int cuDeviceGetPCIBusId(char* s, int n, int d) { strcpy(s, d == 10 ? "0000:0a:00.0" : "0000:0b:00.0"); return 0; }`);

Deno.test("readDriver() gives the CUDA version and the GPUs in order", async () => {
  assert.deepEqual(readDriver(await cuda(0, 12040)), {
    cuda: "12.4",
    gpus: [
      { name: "NVIDIA H100", capability: 9, bytes: 85_520_809_984, pci: "0000:0a:00.0" },
      { name: "Tesla T4", capability: 7.5, bytes: 2 ** 34, pci: "0000:0b:00.0" },
    ],
  });
});

Deno.test("readDriver() tells no driver, no GPU, and a CUDA that does not start apart", async () => {
  assert.equal(readDriver("/nowhere/libcuda.so.1"), undefined);
  assert.deepEqual(readDriver(await cuda(100, 12080)), { cuda: "12.8", gpus: [] });
  assert.deepEqual(readDriver(await cuda(802)), { cuda: "13.0", gpus: [], failure: "CUDA_ERROR_SYSTEM_NOT_READY" });
  assert.deepEqual(readDriver(await cuda(999)), { cuda: "13.0", gpus: [], failure: "error 999" });
});

Deno.test("driverCuda() is the newest CUDA version that the driver supports", async () => {
  assert.equal(driverCuda(await cuda(0, 12080)), "12.8");
  assert.equal(driverCuda(await cuda(0, 13000)), "13.0");
});

Deno.test("driverCuda() is undefined where there is no driver, or one that fails", async () => {
  assert.equal(driverCuda("/nowhere/libcuda.so.1"), undefined);
  assert.equal(driverCuda(await library("int cuDriverGetVersion(int* version) { return 999; }")), undefined);
});

Deno.test("runsOn() holds for builds for the same CUDA, for older ones and for newer minor versions", () => {
  assert.ok(runsOn("13.0", "13.0") && runsOn("12.6", "13.0") && runsOn("12.9", "12.4"));
  assert.ok(!runsOn("13.0", "12.8"));
  assert.ok(runsOn("unknown", "12.8"));
});
