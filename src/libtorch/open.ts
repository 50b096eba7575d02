// How libtorch comes into the process.

import { FtxError } from "../errors.ts";
import { exists } from "./folder.ts";
import { nvidiaLibrary, openWith } from "./nvidia.ts";

const opened: Deno.DynamicLibrary<Record<never, never>>[] = []; // stay open as long as the process lives

/**
 * Loads libtorch's libraries into the process, so that the shim, which has no rpath, finds them by name. The CUDA half
 * is loaded where it lies beside the CPU half; if that fails, `cudaFailure` says why, and the CPU can still be used.
 */
export function openLibtorch(root: string): { cuda: boolean; cudaFailure?: string } {
  const find = nvidiaLibrary(root);
  const open = (name: string) => openWith(`${root}/lib/${name}`, (path) => opened.push(Deno.dlopen(path, {})), find);
  try {
    open("libc10.so");
    open("libtorch_cpu.so");
  } catch (error) {
    throw new FtxError(
      `Cannot load libtorch from "${root}": ${
        reasonOf(error)
      }; set FTX_LIBTORCH to another one, or run "ftx setup --fetch"`,
    );
  }
  if (!exists(`${root}/lib/libtorch_cuda.so`)) return { cuda: false };
  try {
    open("libtorch_cuda.so"); // registers CUDA's kernels
    return { cuda: true };
  } catch (error) {
    return { cuda: false, cudaFailure: reasonOf(error) };
  }
}

/** What the system's loader says, without Deno's words around it. */
export function reasonOf(error: unknown): string {
  return (error as Error).message.split("\n")[0].replace(/^(Could not open library: )+/, "")
    .replace(/^Failed to register symbol (\w+):.*/, "it has no $1");
}
