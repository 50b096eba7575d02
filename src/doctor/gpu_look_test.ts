import assert from "node:assert/strict";
import { see } from "./gpu_look.ts";

const home = Deno.makeTempDirSync();
Deno.test.afterAll(() => Deno.removeSync(home, { recursive: true }));

/** A library compiled from this C code. */
async function library(code: string): Promise<string> {
  const folder = Deno.makeTempDirSync({ dir: home });
  Deno.writeTextFileSync(`${folder}/x.c`, `#include <string.h>\n${code}`);
  const { success } = await new Deno.Command("gcc", { args: ["-shared", "-o", `${folder}/x.so`, `${folder}/x.c`] })
    .output();
  assert.ok(success);
  return `${folder}/x.so`;
}

/** A libcuda with two GPUs, whose cuInit answers this. */
const cuda = (init: number, version = 13000) =>
  library(`
  int cuDriverGetVersion(int* v) { *v = ${version}; return 0; }
  int cuInit(unsigned f) { return ${init}; }
  int cuGetErrorName(int e, const char** s) { *s = e == 802 ? "CUDA_ERROR_SYSTEM_NOT_READY" : 0; return 0; }
  int cuDeviceGetCount(int* n) { *n = 2; return 0; }
  int cuDeviceGet(int* d, int i) { *d = 10 + i; return 0; }
  int cuDeviceGetName(char* s, int n, int d) { strcpy(s, d == 10 ? "NVIDIA H100" : "Tesla T4"); return 0; }
  int cuDeviceTotalMem_v2(unsigned long* b, int d) { *b = d == 10 ? 80ul << 30 : 16ul << 30; return 0; }
  int cuDeviceGetAttribute(int* v, int a, int d) { *v = a == 75 ? (d == 10 ? 9 : 7) : (d == 10 ? 0 : 5); return 0; }
  int cuDeviceGetPCIBusId(char* s, int n, int d) { strcpy(s, d == 10 ? "0000:0a:00.0" : "0000:0b:00.0"); return 0; }`);

const nvml = () =>
  library(`
  int nvmlInit_v2(void) { return 0; }
  int nvmlSystemGetDriverVersion(char* s, unsigned n) { strcpy(s, "580.65.06"); return 0; }
  int nvmlDeviceGetHandleByPciBusId_v2(const char* pci, void** d) { *d = (void*)8; return strcmp(pci, "0000:0a:00.0"); }
  int nvmlDeviceGetMemoryInfo(void* d, unsigned long* m) { m[0] = 80ul << 30; m[1] = 79ul << 30; m[2] = 1ul << 30; return 0; }`);

Deno.test("see() tells the driver, and each GPU with its memory and compute capability", async () => {
  assert.deepEqual(see(await cuda(0), await nvml()), {
    cuda: [13, 0],
    driver: "580.65.06",
    gpus: [
      { name: "NVIDIA H100", memory: 80 * 2 ** 30, free: 79 * 2 ** 30, capability: "9.0" },
      { name: "Tesla T4", memory: 16 * 2 ** 30, free: undefined, capability: "7.5" },
    ],
  });
});

Deno.test("see() does without NVIDIA's management library", async () => {
  const { driver, gpus } = see(await cuda(0), "/nowhere/libnvidia-ml.so.1");
  assert.deepEqual([driver, gpus.map(({ free }) => free)], [undefined, [undefined, undefined]]);
});

Deno.test("see() tells no driver, no GPU, and a driver that does not start", async () => {
  assert.deepEqual(see("/nowhere/libcuda.so.1"), { gpus: [] });
  const none = "/nowhere/libnvidia-ml.so.1";
  assert.deepEqual(see(await cuda(100, 12080), none), { cuda: [12, 8], driver: undefined, gpus: [] });
  const failed = { cuda: [13, 0], driver: undefined, gpus: [] };
  assert.deepEqual(see(await cuda(802), none), { ...failed, failure: "CUDA_ERROR_SYSTEM_NOT_READY" });
  assert.deepEqual(see(await cuda(999), none), { ...failed, failure: "error 999" });
});
