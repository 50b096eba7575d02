// What setup leaves for the runs that follow, so that they need not search: libtorch.json in setup's folder.

import { type Environment, programRoot, userCache } from "./own_folders.ts";
import type { Libtorch } from "./find.ts";
import { exists, read, stampOf } from "./folder.ts";

/** The contents of `libtorch.json`. */
export interface SetupRecord extends Libtorch {
  /** `stampOf` the libtorch at setup: where it differs now, the record is void. */
  stamp: string;
  /** The shim compiled in this clone for this libtorch, relative to the record's folder. */
  shim?: string;
}

/** The records of setups: the clone's own first, then the user's. */
export function recordsOf(env: Environment, root: string = programRoot()): string[] {
  return [`${root}/build/libtorch.json`, `${userCache(env)}/libtorch.json`];
}

/** The record at `path`; undefined when there is none, or when its libtorch is gone or another one now. */
export function readRecord(path: string): SetupRecord | undefined {
  try {
    const record = JSON.parse(read(path) ?? "null");
    return record?.stamp === stampOf(record.root) ? record : undefined;
  } catch {
    return undefined; // a damaged record is no record
  }
}

/** Leaves the record at `path`, unless it is there: written aside and renamed, for others may be reading it. */
export function writeRecord(path: string, libtorch: Libtorch, shim?: string): void {
  const { root, version, cuda, why, warning } = libtorch;
  const entry: SetupRecord = { root, version, cuda, why, warning, stamp: stampOf(root), shim };
  const text = JSON.stringify(entry, null, 2) + "\n";
  if (exists(path) && read(path) === text) return;
  Deno.writeTextFileSync(`${path}.${Deno.pid}`, text);
  Deno.renameSync(`${path}.${Deno.pid}`, path);
}
