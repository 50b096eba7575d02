// Where libtorch is. After a setup this takes a few small reads: its record makes starting Python unnecessary.

import { resolve } from "node:path";
import { FtxError } from "../errors.ts";
import { type Environment, libtorchCache } from "./own_folders.ts";
import { compareVersions, exists, type LibtorchFolder, RANGE, readLibtorch } from "./folder.ts";
import { readRecord, recordsOf } from "./record.ts";

/** A libtorch that ftx can use. */
export interface Libtorch extends LibtorchFolder {
  /** The folder with `lib/` and `include/`. */
  root: string;
  /** What led to it, for messages: "FTX_LIBTORCH", "the torch of python3". */
  why: string;
}

/** Where to search; tests give their own places. */
export interface Places {
  env: Environment;
  /** The records of setups; the first that is valid counts. */
  records: readonly string[];
  /** The folder of the `torch` that `python3` would import. */
  python: () => string | undefined;
  /** The libtorchs that ftx fetched, one folder for each version and build. */
  cache: string;
}

/** The places of this machine. */
export function places(env: Environment = Deno.env.toObject()): Places {
  return { env, records: recordsOf(env), python: pythonsTorch, cache: libtorchCache(env) };
}

/**
 * Finds libtorch: in `FTX_LIBTORCH`, in `LIBTORCH`, by the record of the last setup, as the `torch` of the `python3` on the
 * PATH, in ftx's own cache; the first that fits.
 *
 * @throws {FtxError} There is none; the sentence says where ftx looked, and what to do.
 */
export function findLibtorch(from: Places = places()): Libtorch {
  const { found, unfit } = searchLibtorch(from);
  if (found) return found;
  throw new FtxError(
    `Cannot find ${RANGE}: ${unfit.join(", ") || "FTX_LIBTORCH and LIBTORCH are not set, python3 has no torch"}; ` +
      `run "ftx setup", or set FTX_LIBTORCH to a folder that holds lib/ and include/`,
  );
}

/** `findLibtorch` for setup, where none need be found. Throws only if `FTX_LIBTORCH` cannot be used. */
export function searchLibtorch(from: Places = places()): { found?: Libtorch; unfit: string[] } {
  const unfit: string[] = []; // 'LIBTORCH = "/opt/x": it has no lib/libc10.so'
  const look = (folder: string | undefined, why: string): Libtorch | undefined => {
    if (!folder) return;
    const root = resolve(folder), found = readLibtorch(root);
    if (typeof found !== "string") return { root, ...found, why };
    unfit.push(`${why} = "${root}": it ${found}`);
  };
  const wanted = look(from.env.FTX_LIBTORCH, "FTX_LIBTORCH");
  if (unfit.length) {
    throw new FtxError(
      `Cannot use ${unfit[0]}; point it at the folder that holds lib/ and include/ of ${RANGE}, or unset it`,
    );
  }
  const found = wanted ?? look(from.env.LIBTORCH, "LIBTORCH") ?? recordedIn(from.records) ??
    look(from.python(), "the torch of python3") ?? newestOf(from.cache, look);
  return { found, unfit };
}

function recordedIn(records: readonly string[]): Libtorch | undefined {
  for (const path of records) {
    const record = readRecord(path);
    if (!record) continue;
    const { stamp: _stamp, shim: _shim, ...libtorch } = record;
    return libtorch;
  }
}

/** The newest libtorch in the cache; of the same version, the CUDA build, which is only fetched if there is a driver. */
function newestOf(cache: string, look: (folder: string, why: string) => Libtorch | undefined): Libtorch | undefined {
  if (!exists(cache)) return;
  return Array.from(Deno.readDirSync(cache), (entry) => entry.name)
    .filter((name) => /^\d/.test(name)) // not the folders of an unfinished fetch
    .flatMap((name) => look(`${cache}/${name}/torch`, "ftx's cache") ?? [])
    .sort((a, b) => compareVersions(b.version, a.version) || Number(!!b.cuda) - Number(!!a.cuda))[0];
}

// find_spec finds a package without importing it. The path's empty entry would find a folder "torch" in the current one.
const LOCATE = "import sys, importlib.util as u; sys.path[:] = filter(None, sys.path); s = u.find_spec('torch'); " +
  "print(s.submodule_search_locations[0] if s and s.submodule_search_locations else '')";

/** The folder of the `torch` that the `python3` on the PATH would import, also in a venv or behind a pyenv shim. */
function pythonsTorch(): string | undefined {
  try {
    const { stdout } = new Deno.Command("python3", { args: ["-c", LOCATE], stderr: "null" }).outputSync();
    return new TextDecoder().decode(stdout).trim() || undefined;
  } catch {
    return undefined; // no python3
  }
}
