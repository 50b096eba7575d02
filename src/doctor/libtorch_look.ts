import { findLibtorch, type Libtorch, loadShim, openLibtorch, type Shim } from "../libtorch/mod.ts";
import { FtxError } from "../errors.ts";
import { earlierShim } from "../setup/mod.ts";

/** libtorch and the shim as they load on this machine. */
export interface LibtorchSeen {
  libtorch: Libtorch;
  /** Whether its CUDA half loads, and if not, why. */
  cuda: boolean;
  cudaFailure?: string;
  shim?: Shim & { version: string };
  /** Why no shim loads. */
  shimFailure?: string;
  /** The number of GPUs that libtorch can use, and of CPU threads that it would use. */
  devices?: number;
  threads?: number;
}

const TABLE = {
  ftx_version: { parameters: ["buffer", "i32"], result: "i32" },
  ftx_cuda_devices: { parameters: [], result: "i32" },
  ftx_threads: { parameters: ["i32"], result: "i32" },
} as const;

/** Loads libtorch and a shim; does not compile one. Throws an `FtxError` if libtorch does not load. */
export async function see(): Promise<LibtorchSeen> {
  const libtorch = findLibtorch();
  const half = openLibtorch(libtorch.root);
  try {
    const { shim, library: { symbols } } = await loadShim(libtorch, TABLE, (found, passedOver) => {
      const earlier = earlierShim(found);
      if (earlier) return Promise.resolve(earlier);
      throw new FtxError(passedOver.join(", ") || "there is none for this version yet");
    });
    const text = new Uint8Array(64), length = symbols.ftx_version(text, text.length);
    const version = new TextDecoder().decode(text.subarray(0, length));
    const devices = Math.max(0, symbols.ftx_cuda_devices());
    return { libtorch, ...half, shim: { ...shim, version }, devices, threads: symbols.ftx_threads(0) };
  } catch (error) {
    if (!(error instanceof FtxError)) throw error;
    return { libtorch, ...half, shimFailure: error.message };
  }
}
