// Which shim is loaded. One serves the CPU and the CUDA build of a minor version of libtorch, and no other version.

import { dirname, resolve } from "node:path";
import { FtxError } from "../errors.ts";
import type { Libtorch } from "./find.ts";
import { compareVersions, exists, minor } from "./folder.ts";
import { reasonOf } from "./open.ts";
import { readRecord, recordsOf } from "./record.ts";
import { type Environment, programRoot } from "./own_folders.ts";

/** A shim that is there. */
export interface Shim {
  path: string;
  /** What led to it, to be read aloud. */
  why: "FTX_SHIM" | "the last setup" | "this ftx" | "compiled here";
}

/** Where to look for a shim; each place can be given, so that tests need no machine of their own. */
export interface ShimPlaces {
  env: Environment;
  /** The records of setups. */
  records: readonly string[];
  /** The shims that came with the program: `libftx-2.13.so`. A clone has none. */
  shipped: string;
}

/** The places of this machine. */
export function shimPlaces(env: Environment = Deno.env.toObject()): ShimPlaces {
  const root = programRoot();
  return { env, records: recordsOf(env, root), shipped: `${root}/shims` };
}

/** The shims for this libtorch that need no compiler, best first: FTX_SHIM alone, else the last setup's, the program's own. */
export function findShims(libtorch: Libtorch, { env, records, shipped }: ShimPlaces = shimPlaces()): Shim[] {
  if (env.FTX_SHIM) return [{ path: resolve(env.FTX_SHIM), why: "FTX_SHIM" }];
  const recorded = records.flatMap((path): Shim[] => {
    const record = readRecord(path);
    if (record?.shim === undefined || record.root !== libtorch.root) return [];
    return [{ path: resolve(dirname(path), record.shim), why: "the last setup" }];
  });
  const own: Shim = { path: `${shipped}/libftx-${minor(libtorch.version)}.so`, why: "this ftx" };
  return [...recorded, own].filter(({ path }) => exists(path));
}

/** The minor versions of libtorch for which shims came with the program, oldest first. */
export function shippedVersions(shipped: string = shimPlaces().shipped): string[] {
  if (!exists(shipped)) return [];
  return Array.from(Deno.readDirSync(shipped), ({ name }) => name.match(/^libftx-(\d+\.\d+)\.so$/)?.[1] ?? [])
    .flat().sort(compareVersions);
}

/**
 * Loads the entry points of `table` from the best shim there is; libtorch is loaded already. A shim that came with the
 * program or an old setup may not fit this system: then the next one is tried, and in the end what `compile` makes, which is
 * told what was passed over. A wrong FTX_SHIM is an `FtxError` at once.
 */
export async function loadShim<T extends Deno.ForeignLibraryInterface>(
  libtorch: Libtorch,
  table: T,
  compile: (libtorch: Libtorch, passedOver: string[]) => Promise<Shim>,
  places?: ShimPlaces,
): Promise<{ shim: Shim; library: Deno.DynamicLibrary<T> }> {
  const passedOver: string[] = [];
  for (const shim of findShims(libtorch, places)) {
    const library = openShim(shim, libtorch, table);
    if (typeof library !== "string") return { shim, library };
    if (shim.why === "FTX_SHIM") {
      throw cannotLoad(shim, libtorch, library, "unset FTX_SHIM, or point it at another one");
    }
    passedOver.push(`the one of ${shim.why} ${library}`);
  }
  const shim = await compile(libtorch, passedOver);
  const library = openShim(shim, libtorch, table);
  if (typeof library !== "string") return { shim, library };
  throw cannotLoad(shim, libtorch, library, 'delete it and run "ftx setup"');
}

/** Opens a shim after libtorch; a string says why that one does not do: "is made for libtorch 2.11.0". */
export function openShim<T extends Deno.ForeignLibraryInterface>(
  { path }: Shim,
  libtorch: Libtorch,
  table: T,
): Deno.DynamicLibrary<T> | string {
  const made = versionOf(path);
  if (made.failure !== undefined) return `does not load (${made.failure})`;
  if (minor(made.version) !== minor(libtorch.version)) return `is made for libtorch ${made.version}`;
  try {
    return Deno.dlopen(path, table);
  } catch (error) {
    return `is not from this ftx (${reasonOf(error)})`;
  }
}

/** The version of libtorch that a shim was made for, as it says itself; or why it cannot be asked. */
export function versionOf(path: string): { version: string; failure?: undefined } | { failure: string } {
  try {
    const { symbols } = Deno.dlopen(path, { ftx_version: { parameters: ["buffer", "i32"], result: "i32" } });
    const text = new Uint8Array(64);
    return { version: new TextDecoder().decode(text.subarray(0, symbols.ftx_version(text, text.length))) };
  } catch (error) {
    return { failure: reasonOf(error) };
  }
}

function cannotLoad({ path, why }: Shim, { version, root }: Libtorch, reason: string, remedy: string): FtxError {
  const named = why === "FTX_SHIM" ? "FTX_SHIM" : "the shim";
  return new FtxError(`Cannot use ${named} "${path}" with libtorch ${version} in "${root}": it ${reason}; ${remedy}`);
}
