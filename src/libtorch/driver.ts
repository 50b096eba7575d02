// NVIDIA's driver, asked through its own library: it knows its GPUs before libtorch is loaded, whatever libtorch was built for.
// CUDA versions are written "13.0".

/** A GPU that CUDA programs see here; the first is cuda:0. */
export interface Gpu {
  name: string;
  /** Compute capability: 8.0 is Ampere, 9.0 Hopper. */
  capability: number;
  /** Bytes of memory in all. */
  bytes: number;
  /** Address on the PCI bus: "0000:0a:00.0". */
  pci: string;
}

/** What the driver says. */
export interface Driver {
  /** The newest CUDA version that it supports. */
  cuda: string;
  /** The GPUs that CUDA_VISIBLE_DEVICES lets through; none where CUDA does not start. */
  gpus: readonly Gpu[];
  /** NVIDIA's name of the error with which CUDA does not start; undefined where it starts, or only lacks a GPU. */
  failure?: string;
}

const LIBRARY = "libcuda.so.1";
const OK = 0, NO_DEVICE = 100;
const MAJOR = 75, MINOR = 76; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*

let known: Driver | null | undefined; // null: asked, and there is none

/** The driver of this machine; undefined where there is none. Starts CUDA at the first call, and remembers the answer. */
export function driver(): Driver | undefined {
  try {
    known ??= readDriver() ?? null;
  } catch {
    known = null; // a library that lacks what every driver has
  }
  return known ?? undefined;
}

/** The newest CUDA version that the driver supports; undefined where there is no driver. Does not start CUDA. */
export function driverCuda(library = LIBRARY): string | undefined {
  try {
    const { symbols } = Deno.dlopen(library, { cuDriverGetVersion: { parameters: ["buffer"], result: "i32" } });
    const out = new Int32Array(1); // 1000 × major + 10 × minor
    if (symbols.cuDriverGetVersion(out) !== OK) return undefined;
    return `${Math.floor(out[0] / 1000)}.${Math.floor(out[0] % 1000 / 10)}`;
  } catch {
    return undefined; // no such library
  }
}

/**
 * Whether a libtorch built for one CUDA version runs on a driver that supports another: drivers run older versions, and
 * newer ones of the same major version (https://docs.nvidia.com/deploy/cuda-compatibility). An unknown version counts as
 * one that runs.
 */
export function runsOn(build: string, driver: string): boolean {
  return !(parseInt(build) > parseInt(driver));
}

/** Asks the driver's library and starts CUDA; allocates nothing on a GPU. Undefined where there is no driver. */
export function readDriver(library = LIBRARY): Driver | undefined {
  const cuda = driverCuda(library);
  if (cuda === undefined) return undefined;
  const { symbols } = Deno.dlopen(library, {
    cuInit: { parameters: ["u32"], result: "i32" },
    cuGetErrorName: { parameters: ["i32", "buffer"], result: "i32" },
    cuDeviceGetCount: { parameters: ["buffer"], result: "i32" },
    cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" },
    cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" },
    cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" },
    cuDeviceGetAttribute: { parameters: ["buffer", "i32", "i32"], result: "i32" },
    cuDeviceGetPCIBusId: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  });
  const started = symbols.cuInit(0);
  if (started === NO_DEVICE) return { cuda, gpus: [] };
  if (started !== OK) {
    const name = new BigUint64Array(1);
    symbols.cuGetErrorName(started, name);
    const pointer = Deno.UnsafePointer.create(name[0]);
    return { cuda, gpus: [], failure: pointer ? Deno.UnsafePointerView.getCString(pointer) : `error ${started}` };
  }
  const number = new Int32Array(1), bytes = new BigUint64Array(1), text = new Uint8Array(256);
  const asked = (code: number) => code === OK ? number[0] : 0;
  const gpus = Array.from({ length: asked(symbols.cuDeviceGetCount(number)) }, (_, index): Gpu => {
    const device = asked(symbols.cuDeviceGet(number, index));
    const attribute = (which: number) => asked(symbols.cuDeviceGetAttribute(number, which, device));
    const capability = attribute(MAJOR) + attribute(MINOR) / 10;
    const memory = symbols.cuDeviceTotalMem_v2(bytes, device) === OK ? Number(bytes[0]) : 0;
    const name = symbols.cuDeviceGetName(text, text.length, device) === OK ? zeroEnded(text) : `GPU ${index}`;
    const pci = symbols.cuDeviceGetPCIBusId(text, text.length, device) === OK ? zeroEnded(text) : "";
    return { name, capability, bytes: memory, pci };
  });
  return { cuda, gpus };
}

/** The text that C code wrote into a buffer. */
export function zeroEnded(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, bytes.indexOf(0)));
}
