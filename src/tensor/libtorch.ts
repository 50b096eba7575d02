// Where libtorch is, and how it comes into the process.
// At run time this costs a few small reads: no Python is started where the last setup left a record.

import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { FtxError } from "../errors.ts";
import { compareVersions, exists, type LibtorchFolder, RANGE, read, readLibtorch, stampOf } from "./libtorch_folder.ts";

/** A libtorch that ftx can use. */
export interface Libtorch extends LibtorchFolder {
  /** The folder that holds `lib/` and `include/`. */
  root: string;
  /** What led to it, to be read aloud: "FTX_LIBTORCH", "the torch of python3". */
  why: string;
}

/** What setup leaves in `build/libtorch.json` for the runs that follow. */
export interface SetupRecord extends Libtorch {
  /** `stampOf` the libtorch at setup: where it differs now, the record is void. */
  stamp: string;
  /** The shim compiled for this libtorch, relative to the record's folder. */
  shim: string;
}

type Environment = Record<string, string | undefined>;

/** Where to search; each place can be given, so that tests need no machine of their own. */
export interface Places {
  env: Environment;
  /** The record of the last setup. */
  record: string;
  /** The folder of the `torch` that `python3` would import. */
  python: () => string | undefined;
  /** ftx's own libtorchs, one folder a version. */
  cache: string;
}

/** The places of this machine. */
export function places(env: Environment = Deno.env.toObject()): Places {
  return { env, record: RECORD, python: pythonsTorch, cache: cacheFolder(env) };
}
const RECORD = fileURLToPath(new URL("../../build/libtorch.json", import.meta.url));

/**
 * Finds libtorch: `FTX_LIBTORCH`, `LIBTORCH`, the record of the last setup, the `torch` of the `python3` on the PATH,
 * ftx's own cache; the first that fits. Throws an `FtxError` that names what was looked at, and the remedy.
 */
export function findLibtorch(from: Places = places()): Libtorch {
  const { found, unfit } = searchLibtorch(from);
  if (found) return found;
  throw new FtxError(
    `Cannot find ${RANGE}: ${unfit.join(", ") || "FTX_LIBTORCH and LIBTORCH are not set, python3 has no torch"}; ` +
      `run "deno task setup", or set FTX_LIBTORCH to a folder that holds lib/ and include/`,
  );
}

/** `findLibtorch` for setup, which can mend it when nothing is found; throws only for an `FTX_LIBTORCH` that is wrong. */
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
  const found = wanted ?? look(from.env.LIBTORCH, "LIBTORCH") ?? readRecord(from.record) ??
    look(from.python(), "the torch of python3") ?? newestOf(from.cache, look);
  return { found, unfit };
}

/** The record of the last setup; undefined when there is none, or when its libtorch is gone or another one now. */
export function readRecord(path: string = RECORD): SetupRecord | undefined {
  try {
    const record = JSON.parse(read(path) ?? "null");
    return record?.stamp === stampOf(record.root) ? record : undefined;
  } catch {
    return undefined; // a damaged record is no record
  }
}

/** The shim compiled for this libtorch, as the last setup recorded it. Throws an `FtxError` when there is none. */
export function shimPath(libtorch: Libtorch, recordPath: string = RECORD): string {
  const record = readRecord(recordPath);
  const path = record?.root === libtorch.root ? resolve(dirname(recordPath), record.shim) : undefined;
  if (path && exists(path)) return path;
  throw new FtxError(
    `Cannot load the shim for libtorch ${libtorch.version} in "${libtorch.root}": it is not compiled; ` +
      `run "deno task setup"`,
  );
}

const opened: Deno.DynamicLibrary<Record<never, never>>[] = []; // stay open as long as the process lives

/**
 * Loads libtorch's libraries into the process, so that the shim, which has no rpath, finds them by name. The CUDA half
 * is loaded where it lies beside the CPU half; if that fails, `cudaFailure` says why, and the CPU can still be used.
 */
export function openLibtorch(root: string): { cuda: boolean; cudaFailure?: string } {
  const open = (name: string) => opened.push(Deno.dlopen(`${root}/lib/${name}`, {}));
  try {
    open("libc10.so");
    open("libtorch_cpu.so");
  } catch (error) {
    throw new FtxError(
      `Cannot load libtorch from "${root}": ${
        reason(error)
      }; set FTX_LIBTORCH to another one and run "deno task setup"`,
    );
  }
  if (!exists(`${root}/lib/libtorch_cuda.so`)) return { cuda: false };
  try {
    open("libtorch_cuda.so"); // registers CUDA's kernels
    return { cuda: true };
  } catch (error) {
    return { cuda: false, cudaFailure: reason(error) };
  }
}

/** The folder of ftx's own libtorchs: `$XDG_CACHE_HOME/ftx/libtorch`, by default in `~/.cache`. */
export function cacheFolder(env: Environment): string {
  return `${env.XDG_CACHE_HOME || `${env.HOME ?? homedir()}/.cache`}/ftx/libtorch`;
}

/** The newest libtorch of the cache; of one version, the CUDA build, which is only fetched where there is a driver. */
function newestOf(cache: string, look: (folder: string, why: string) => Libtorch | undefined): Libtorch | undefined {
  if (!exists(cache)) return;
  return Array.from(Deno.readDirSync(cache), (entry) => entry.name)
    .filter((name) => /^\d/.test(name)) // not the folders of a fetch in progress
    .flatMap((name) => look(`${cache}/${name}/torch`, "ftx's cache") ?? [])
    .sort((a, b) => compareVersions(b.version, a.version) || Number(!!b.cuda) - Number(!!a.cuda))[0];
}

// find_spec looks a package up without importing it. The path's empty entry would find a folder "torch" beside us.
const LOCATE = "import sys, importlib.util as u; sys.path[:] = filter(None, sys.path); s = u.find_spec('torch'); " +
  "print(s.submodule_search_locations[0] if s and s.submodule_search_locations else '')";

/** The folder of `torch` as the `python3` on the PATH, in a venv or behind a pyenv shim too, would import it. */
function pythonsTorch(): string | undefined {
  try {
    const { stdout } = new Deno.Command("python3", { args: ["-c", LOCATE], stderr: "null" }).outputSync();
    return new TextDecoder().decode(stdout).trim() || undefined;
  } catch {
    return undefined; // no python3
  }
}

function reason(error: unknown): string {
  return (error as Error).message.replace(/^(Could not open library: )+/, "").split("\n")[0];
}
