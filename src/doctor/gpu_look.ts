// The GPUs as the driver tells them, through its own two libraries: libcuda (what CUDA programs see) and libnvidia-ml.

import { type CudaVersion, driverCuda } from "../setup/mod.ts";

/** A GPU that CUDA programs see here. */
export interface Gpu {
  name: string;
  /** Bytes; `free` is missing where NVIDIA's management library does not tell it. */
  memory: number;
  free?: number;
  /** "9.0" for an H100. */
  capability: string;
}

/** The driver and what it drives. */
export interface GpuSeen {
  /** The newest CUDA that the driver supports; undefined where there is no driver. */
  cuda?: CudaVersion;
  /** "580.65.06" */
  driver?: string;
  gpus: Gpu[];
  /** Why CUDA does not start. */
  failure?: string;
}

const OK = 0, NO_DEVICE = 100;
const MAJOR = 75, MINOR = 76; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, _MINOR

/** Asks the driver. Nothing is allocated on a GPU, and no context is made. */
export function see(libcuda = "libcuda.so.1", libnvml = "libnvidia-ml.so.1"): GpuSeen {
  const cuda = driverCuda(libcuda);
  if (!cuda) return { gpus: [] };
  const { driver, free } = managed(libnvml);
  const { symbols } = Deno.dlopen(libcuda, {
    cuInit: { parameters: ["u32"], result: "i32" },
    cuGetErrorName: { parameters: ["i32", "buffer"], result: "i32" },
    cuDeviceGetCount: { parameters: ["buffer"], result: "i32" },
    cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" },
    cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" },
    cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" },
    cuDeviceGetAttribute: { parameters: ["buffer", "i32", "i32"], result: "i32" },
    cuDeviceGetPCIBusId: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  });
  const begun = symbols.cuInit(0);
  if (begun === NO_DEVICE) return { cuda, driver, gpus: [] };
  if (begun !== OK) {
    const name = new BigUint64Array(1);
    symbols.cuGetErrorName(begun, name);
    const text = name[0] ? Deno.UnsafePointerView.getCString(Deno.UnsafePointer.create(name[0])!) : `error ${begun}`;
    return { cuda, driver, gpus: [], failure: text };
  }
  const number = new Int32Array(1), bytes = new BigUint64Array(1), text = new Uint8Array(128);
  const asked = (ask: () => number) => (ask(), number[0]);
  const gpus = Array.from({ length: asked(() => symbols.cuDeviceGetCount(number)) }, (_, index): Gpu => {
    const device = asked(() => symbols.cuDeviceGet(number, index));
    const attribute = (which: number) => asked(() => symbols.cuDeviceGetAttribute(number, which, device));
    symbols.cuDeviceTotalMem_v2(bytes, device);
    symbols.cuDeviceGetName(text, text.length, device);
    const name = zeroEnded(text);
    symbols.cuDeviceGetPCIBusId(text, text.length, device);
    const capability = `${attribute(MAJOR)}.${attribute(MINOR)}`;
    return { name, memory: Number(bytes[0]), free: free(zeroEnded(text)), capability };
  });
  return { cuda, driver, gpus };
}

/** What only the management library knows: the driver's version, and free memory without a context; by PCI address. */
function managed(libnvml: string): { driver?: string; free: (pci: string) => number | undefined } {
  try {
    const { symbols } = Deno.dlopen(libnvml, {
      nvmlInit_v2: { parameters: [], result: "i32" },
      nvmlSystemGetDriverVersion: { parameters: ["buffer", "u32"], result: "i32" },
      nvmlDeviceGetHandleByPciBusId_v2: { parameters: ["buffer", "buffer"], result: "i32" },
      nvmlDeviceGetMemoryInfo: { parameters: ["pointer", "buffer"], result: "i32" },
    });
    if (symbols.nvmlInit_v2() !== OK) return { free: () => undefined };
    const text = new Uint8Array(80);
    const driver = symbols.nvmlSystemGetDriverVersion(text, text.length) === OK ? zeroEnded(text) : undefined;
    return {
      driver,
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

function zeroEnded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}
