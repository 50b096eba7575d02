// The GPUs as the driver describes them, with what only NVIDIA's management library (libnvidia-ml) knows.

import { type Driver, readDriver, zeroEnded } from "../libtorch/mod.ts";

/** The driver and its GPUs. */
export interface GpuSeen {
  /** Undefined where there is no driver. */
  driver?: Driver;
  /** The driver's version: "580.65.06". */
  version?: string;
  /** Bytes of memory that are free on each GPU; undefined where the management library does not know. */
  free: (number | undefined)[];
}

/** Asks the driver. Nothing is allocated on a GPU. */
export function see(libcuda?: string, libnvml?: string): GpuSeen {
  const driver = readDriver(libcuda);
  if (driver === undefined) return { free: [] };
  const { version, free } = managed(libnvml);
  return { driver, version, free: driver.gpus.map(({ pci }) => free(pci)) };
}

const OK = 0;

/** The driver's version, and the free memory of a GPU by its PCI address, for which no context is made. */
function managed(library = "libnvidia-ml.so.1"): { version?: string; free: (pci: string) => number | undefined } {
  try {
    const { symbols } = Deno.dlopen(library, {
      nvmlInit_v2: { parameters: [], result: "i32" },
      nvmlSystemGetDriverVersion: { parameters: ["buffer", "u32"], result: "i32" },
      nvmlDeviceGetHandleByPciBusId_v2: { parameters: ["buffer", "buffer"], result: "i32" },
      nvmlDeviceGetMemoryInfo: { parameters: ["pointer", "buffer"], result: "i32" },
    });
    if (symbols.nvmlInit_v2() !== OK) return { free: () => undefined };
    const text = new Uint8Array(80);
    const version = symbols.nvmlSystemGetDriverVersion(text, text.length) === OK ? zeroEnded(text) : undefined;
    return {
      version,
      free: (pci) => {
        const handle = new BigUint64Array(1), [total, free] = [0, 1], sizes = new BigUint64Array(3);
        const address = new TextEncoder().encode(`${pci}\0`);
        if (symbols.nvmlDeviceGetHandleByPciBusId_v2(address, handle) !== OK) return undefined;
        if (symbols.nvmlDeviceGetMemoryInfo(Deno.UnsafePointer.create(handle[0]), sizes) !== OK) return undefined;
        return sizes[total] > 0n ? Number(sizes[free]) : undefined;
      },
    };
  } catch {
    return { free: () => undefined };
  }
}
