import { findLibtorch, type Libtorch, loadShim, openLibtorch, type Shim } from "../libtorch/mod.ts";
import { FtxError } from "../errors.ts";
import { earlierShim } from "../setup/mod.ts";

/** libtorch and the shim as they load here. */
export interface LibtorchSeen {
  libtorch: Libtorch;
  /** Whether its CUDA half loads; and why not. */
  cuda: boolean;
  cudaFailure?: string;
  shim?: Shim & { version: string };
  /** Why no shim loads. */
  shimFailure?: string;
  /** GPUs that libtorch can use, and CPU threads that it would use. */
  devices?: number;
  threads?: number;
}

const TABLE = {
  ftx_version: { parameters: ["buffer", "i32"], result: "i32" },
  ftx_cuda_devices: { parameters: [], result: "i32" },
  ftx_threads: { parameters: ["i32"], result: "i32" },
} as const;

/** Loads libtorch and the shim that there is, and compiles none. Throws an `FtxError` when libtorch does not load. */
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
