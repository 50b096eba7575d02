// Tests that need a GPU: where there is none they are skipped and say so.
import { capability, cudaDevices, type Device, driver } from "../../src/tensor/mod.ts";
import "../support/tensors.ts";

/**
 * Where they run. FTX_GPU_TESTS=cpu runs them on the CPU, which proves nothing about a GPU, but shows that the tests themselves
 * work; what only a GPU has is skipped then.
 */
export const device: Device = Deno.env.get("FTX_GPU_TESTS") === "cpu" ? "cpu" : "cuda:0";
const there = cudaDevices() > 0;
const reason = driver() ? "libtorch cannot use the GPU" : "there is no NVIDIA driver";

/** A test on the GPU; with `only`, one that makes no sense elsewhere. */
export function onGpu(name: string, fn: () => void | Promise<void>, { only = false, least = 0 } = {}) {
  const missing = !there && (only || device !== "cpu")
    ? reason
    : only && device === "cpu"
    ? "FTX_GPU_TESTS=cpu"
    : device !== "cpu" && capability(device) < least
    ? `it needs compute capability ${least}`
    : undefined;
  Deno.test({ name: `GPU: ${name}${missing ? ` (skipped: ${missing})` : ""}`, ignore: missing !== undefined, fn });
}
