// Loads libtorch into the process.

import { FtxError } from "../errors.ts";
import { exists } from "./folder.ts";
import { nvidiaLibrary, openWith } from "./nvidia.ts";

const opened: Deno.DynamicLibrary<Record<never, never>>[] = []; // they stay open until the process ends

/**
 * Loads libtorch's libraries into the process, so that the shim, which has no rpath, finds them by name. In a CUDA build it
 * loads the CUDA half too; if that fails, `cudaFailure` says why, and the CPU can still be used.
 *
 * @throws {FtxError} The CPU half does not load.
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

/** The message of the system's loader, without what Deno adds to it. */
export function reasonOf(error: unknown): string {
  return (error as Error).message.split("\n")[0].replace(/^(Could not open library: )+/, "")
    .replace(/^Failed to register symbol (\w+):.*/, "it has no $1");
}
