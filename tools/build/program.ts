// The program on the target: code, templates, the shim's sources, the example model and its data. Paths are those of the
// clone, so that code finds files in the same way.

import { copy, filesOf } from "./files.ts";

/** Whether a file of the clone belongs to the program. `path` is relative to the clone. */
export function belongs(path: string): boolean {
  if (/^(src|templates)\//.test(path)) return !path.endsWith("_test.ts");
  if (/^ffi\//.test(path)) return true;
  if (/^examples\/(tiny|docker)\//.test(path)) return /\.(json|safetensors|md)$/.test(path);
  return path === "main.ts";
}

/** Copies the program of the clone `root` into the folder `to`. */
export async function stageProgram(root: string, to: string): Promise<void> {
  for (const top of ["main.ts", "src", "templates", "ffi", "examples/tiny", "examples/docker"]) {
    for (const path of filesOf(root, top)) if (belongs(path)) await copy(root, to, path);
  }
}
