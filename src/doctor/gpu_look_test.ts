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

/** A libcuda of two GPUs. */
const cuda = () =>
  library(`
  int cuDriverGetVersion(int* v) { *v = 13000; return 0; }
  int cuInit(unsigned f) { return 0; }
  int cuGetErrorName(int e, const char** s) { return 0; }
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

Deno.test("see() gives the driver with its version, and each GPU with its free memory and compute capability", async () => {
  assert.deepEqual(see(await cuda(), await nvml()), {
    driver: {
      cuda: "13.0",
      gpus: [
        { name: "NVIDIA H100", bytes: 80 * 2 ** 30, capability: 9, pci: "0000:0a:00.0" },
        { name: "Tesla T4", bytes: 16 * 2 ** 30, capability: 7.5, pci: "0000:0b:00.0" },
      ],
    },
    version: "580.65.06",
    free: [79 * 2 ** 30, undefined],
  });
});

Deno.test("see() works without NVIDIA's management library", async () => {
  const { version, driver, free } = see(await cuda(), "/nowhere/libnvidia-ml.so.1");
  assert.deepEqual([version, driver?.gpus.length, free], [undefined, 2, [undefined, undefined]]);
});

Deno.test("see() says that there is no driver", () => {
  assert.deepEqual(see("/nowhere/libcuda.so.1"), { free: [] });
});
