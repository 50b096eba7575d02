// NVIDIA's libraries, which pip installs beside torch as packages of their own. libtorch looks for them in the folder next to
// its own; where torch and they lie in different places (a user's packages, the system's), they are opened before it.

import { dirname } from "node:path";
import { exists } from "./folder.ts";

/** Opens a library by its path; throws the system's words where it cannot. */
export type Open = (path: string) => void;

/**
 * Opens a library, and before it whatever it says is missing, as far as `find` knows where that is. Once a library is open,
 * others find it by name.
 */
export function openWith(path: string, open: Open, find: (name: string) => string | undefined) {
  for (const tried = new Set<string>();;) {
    try {
      return open(path);
    } catch (error) {
      const missing = (error as Error).message.match(/(lib[^\s/]+\.so[.\d]*): cannot open shared object file/)?.[1];
      const place = missing !== undefined && !tried.has(missing) ? find(missing) : undefined;
      if (place === undefined) throw error;
      tried.add(missing!);
      openWith(place, open, find);
    }
  }
}

/** Finds a library in `nvidia/<package>/lib` beside libtorch, and of every folder that python3 imports from. */
export function nvidiaLibrary(root: string): (name: string) => string | undefined {
  let folders: string[] | undefined; // only where something is missing: it starts python3
  return (name) => {
    folders ??= [dirname(root), dirname(Deno.realPathSync(root)), ...pythonPath()].flatMap(packages);
    return folders.map((folder) => `${folder}/${name}`).find(exists);
  };
}

function packages(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(`${folder}/nvidia`), ({ name }) => `${folder}/nvidia/${name}/lib`);
  } catch {
    return []; // no such folder
  }
}

function pythonPath(): string[] {
  try {
    const args = ["-c", "import sys; print('\\n'.join(filter(None, sys.path)))"];
    const { stdout } = new Deno.Command("python3", { args, stderr: "null" }).outputSync();
    return new TextDecoder().decode(stdout).trim().split("\n").filter(Boolean);
  } catch {
    return []; // no python3
  }
}
