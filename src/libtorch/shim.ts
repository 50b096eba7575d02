// Chooses and loads the shim. A shim serves the CPU and the CUDA build of one minor version of libtorch.

import { dirname, resolve } from "node:path";
import { FtxError } from "../errors.ts";
import type { Libtorch } from "./find.ts";
import { compareVersions, exists, minor } from "./folder.ts";
import { reasonOf } from "./open.ts";
import { readRecord, recordsOf } from "./record.ts";
import { type Environment, programRoot } from "./own_folders.ts";

/** A shim on this machine. */
export interface Shim {
  path: string;
  /** What led to it, for messages. */
  why: "FTX_SHIM" | "the last setup" | "this ftx" | "compiled here";
}

/** Where to look for a shim; tests give their own places. */
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

/** The shims for this libtorch that are there, best first: only FTX_SHIM, or else the last setup's, then the program's. */
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

/** The minor versions of libtorch that the program came with shims for, oldest first. */
export function shippedVersions(shipped: string = shimPlaces().shipped): string[] {
  if (!exists(shipped)) return [];
  return Array.from(Deno.readDirSync(shipped), ({ name }) => name.match(/^libftx-(\d+\.\d+)\.so$/)?.[1] ?? [])
    .flat().sort(compareVersions);
}

/**
 * Loads the entry points of `table` from the best shim; libtorch is loaded already. A shim that came with the program or an
 * old setup may not fit this system: then the next one is tried, and in the end the one that `compile` makes.
 *
 * @param compile makes a shim; gets the reasons why the others do not fit
 * @throws {FtxError} FTX_SHIM does not fit, or the compiled shim does not.
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

/** Opens a shim; libtorch is loaded already. A string says why it does not fit: "is made for libtorch 2.11.0". */
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

/** The version of libtorch that a shim was made for, which it contains; or why it cannot be loaded. */
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
