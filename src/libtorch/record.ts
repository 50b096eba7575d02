// The record that setup leaves so that runs need not search: libtorch.json in setup's folder.

import { type Environment, programRoot, userCache } from "./own_folders.ts";
import type { Libtorch } from "./find.ts";
import { exists, read, stampOf } from "./folder.ts";

/** The contents of `libtorch.json`. */
export interface SetupRecord extends Libtorch {
  /** `stampOf` the libtorch at setup. If it differs now, the record is void. */
  stamp: string;
  /** The shim compiled in this clone for this libtorch, relative to the record's folder. */
  shim?: string;
}

/** The records of setups: the clone's first, then the user's. */
export function recordsOf(env: Environment, root: string = programRoot()): string[] {
  return [`${root}/build/libtorch.json`, `${userCache(env)}/libtorch.json`];
}

/** The record at `path`; undefined if there is none, or its libtorch is gone or was replaced. */
export function readRecord(path: string): SetupRecord | undefined {
  try {
    const record = JSON.parse(read(path) ?? "null");
    return record?.stamp === stampOf(record.root) ? record : undefined;
  } catch {
    return undefined; // a damaged record is no record
  }
}

/** Writes the record to `path` unless it is there: to a temporary file that is renamed, because others may be reading it. */
export function writeRecord(path: string, libtorch: Libtorch, shim?: string): void {
  const { root, version, cuda, why, warning } = libtorch;
  const entry: SetupRecord = { root, version, cuda, why, warning, stamp: stampOf(root), shim };
  const text = JSON.stringify(entry, null, 2) + "\n";
  if (exists(path) && read(path) === text) return;
  Deno.writeTextFileSync(`${path}.${Deno.pid}`, text);
  Deno.renameSync(`${path}.${Deno.pid}`, path);
}
