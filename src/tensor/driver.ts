// NVIDIA's driver, asked directly: it knows its GPUs before libtorch is there and whatever libtorch was built for.

/** A GPU as the driver describes it; the first is cuda:0. */
export interface Gpu {
  name: string;
  /** Compute capability: 8.0 is Ampere, 9.0 Hopper. */
  capability: number;
  /** Bytes of memory in all. */
  bytes: number;
}

/** What the driver says. */
export interface Driver {
  /** The newest CUDA version that it can run: "13.0". */
  cuda: string;
  /** Those that CUDA_VISIBLE_DEVICES lets through. */
  gpus: readonly Gpu[];
}

const MAJOR = 75, MINOR = 76; // CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_*
const SYMBOLS = {
  cuInit: { parameters: ["u32"], result: "i32" },
  cuDriverGetVersion: { parameters: ["buffer"], result: "i32" },
  cuDeviceGetCount: { parameters: ["buffer"], result: "i32" },
  cuDeviceGet: { parameters: ["buffer", "i32"], result: "i32" },
  cuDeviceGetName: { parameters: ["buffer", "i32", "i32"], result: "i32" },
  cuDeviceTotalMem_v2: { parameters: ["buffer", "i32"], result: "i32" },
  cuDeviceGetAttribute: { parameters: ["buffer", "i32", "i32"], result: "i32" },
} as const;
type Calls = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let known: Driver | null | undefined; // null: asked, and there is none

/** The driver of this machine; undefined where none is loaded. Asked once a process. */
export function driver(): Driver | undefined {
  return (known ??= open()) ?? undefined;
}

function open(): Driver | null {
  try {
    return describe(Deno.dlopen("libcuda.so.1", SYMBOLS).symbols);
  } catch {
    return null; // no such library, or one that has not what every driver has
  }
}

/** Asks a driver's library. With no GPU to be had, or none that answers, the list is empty. */
export function describe(calls: Calls): Driver {
  const word = new Int32Array(1), size = new BigUint64Array(1), text = new Uint8Array(256);
  const ask = (answer: number) => answer === 0;
  const version = ask(calls.cuDriverGetVersion(word)) ? word[0] : 0; // 13000 is 13.0
  const cuda = `${Math.floor(version / 1000)}.${Math.floor(version % 1000 / 10)}`;
  const count = ask(calls.cuInit(0)) && ask(calls.cuDeviceGetCount(word)) ? word[0] : 0;
  const gpus = Array.from({ length: count }, (_, i): Gpu => {
    const device = ask(calls.cuDeviceGet(word, i)) ? word[0] : i;
    const attribute = (which: number) => ask(calls.cuDeviceGetAttribute(word, which, device)) ? word[0] : 0;
    const capability = attribute(MAJOR) + attribute(MINOR) / 10;
    const bytes = ask(calls.cuDeviceTotalMem_v2(size, device)) ? Number(size[0]) : 0;
    const name = ask(calls.cuDeviceGetName(text, text.length, device))
      ? new TextDecoder().decode(text.subarray(0, text.indexOf(0)))
      : `GPU ${i}`;
    return { name, capability, bytes };
  });
  return { cuda, gpus };
}
