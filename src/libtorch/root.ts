import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { exists } from "./folder.ts";

/** The folder of the program: the clone, or what the single binary unpacked. It holds `ffi`, and the binary's `shims`. */
export function programRoot(from: string = fileURLToPath(import.meta.url)): string {
  const folder = dirname(from);
  if (exists(`${folder}/ffi/shim.h`)) return folder; // one file or many: either lies somewhere below
  if (folder === from) throw new Error("ftx is not whole: nothing above its code holds ffi/shim.h");
  return programRoot(folder);
}

/** Whether the program is a clone, which keeps what setup makes in its own `build` folder. */
export function isClone(root: string): boolean {
  return exists(`${root}/tools/setup.ts`);
}
