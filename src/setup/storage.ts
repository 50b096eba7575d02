import { StorageError } from "../errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  EROFS: "it is read-only",
  EACCES: "that is not permitted",
};

/** Runs `work`, which writes into `folder`. A full, read-only or forbidden disk becomes a sentence that ends in `remedy`. */
export async function writing<T>(folder: string, remedy: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const why = REASONS[(error as { code?: string }).code ?? ""];
    throw why ? new StorageError(`Cannot write into "${folder}": ${why}; ${remedy}`) : error;
  }
}

const KEPT = 7 * 24 * 3600e3; // milliseconds: long enough to go back and forth between branches and libtorchs

/** Deletes what has been in `folder` for more than a week, except what is in use. */
export function prune(folder: string, inUse: Set<string>, now = Date.now()): void {
  for (const { name } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    if (inUse.has(path) || now - (Deno.statSync(path).mtime?.getTime() ?? now) < KEPT) continue;
    Deno.removeSync(path, { recursive: true });
  }
}
