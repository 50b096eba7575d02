import assert from "node:assert/strict";
import { describe } from "./driver.ts";

/** A driver's library of two GPUs, of which the first has the handle 7. */
const CALLS = {
  cuInit: () => 0,
  cuDriverGetVersion: (out: Int32Array) => (out[0] = 12040, 0),
  cuDeviceGetCount: (out: Int32Array) => (out[0] = 2, 0),
  cuDeviceGet: (out: Int32Array, i: number) => (out[0] = 7 + i, 0),
  cuDeviceGetName: (out: Uint8Array, _: number, device: number) => {
    out.set(new TextEncoder().encode(device === 7 ? "NVIDIA H100\0" : "T4\0"));
    return 0;
  },
  cuDeviceTotalMem_v2: (
    out: BigUint64Array,
    device: number,
  ) => (out[0] = device === 7 ? 85_520_809_984n : 1n << 34n, 0),
  cuDeviceGetAttribute: (out: Int32Array, which: number, device: number) => {
    out[0] = { 75: device === 7 ? 9 : 7, 76: device === 7 ? 0 : 5 }[which]!;
    return 0;
  },
};

Deno.test("describe() reads a driver's version and its GPUs in order", () => {
  assert.deepEqual(describe(CALLS as never), {
    cuda: "12.4",
    gpus: [{ name: "NVIDIA H100", capability: 9, bytes: 85_520_809_984 }, {
      name: "T4",
      capability: 7.5,
      bytes: 2 ** 34,
    }],
  });
});

Deno.test("describe() gives a driver without GPUs where it cannot be started", () => {
  assert.deepEqual(describe({ ...CALLS, cuInit: () => 100 } as never), { cuda: "12.4", gpus: [] });
});
