// NVIDIA's libraries, which pip installs as separate packages. libtorch looks for them in the folder next to its own; if they
// are elsewhere (torch in a user's packages, they in the system's), they have to be opened before it.

import { dirname } from "node:path";
import { exists } from "./folder.ts";

/** Opens a library by its path; throws the system's error if it cannot. */
export type Open = (path: string) => void;

/**
 * Opens a library, and first those that it reports as missing, if `find` knows where they are. An open library is found by
 * name by the libraries that need it.
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

/** Finds a library in `nvidia/<package>/lib`, next to libtorch and in every folder that python3 imports from. */
export function nvidiaLibrary(root: string): (name: string) => string | undefined {
  let folders: string[] | undefined; // found on demand, because it starts python3
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
