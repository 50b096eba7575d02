import { StorageError } from "../errors.ts";
import { amount, freeSpace } from "./space.ts";

/** What a person can do about a disk. */
export const REMEDY = "; make room or choose another folder";

/** True for what a disk does (full, read-only, broken), false for a mistake of ours. */
export function isStorageFailure(error: unknown): boolean {
  return error instanceof StorageError || /^E[A-Z0-9]+$/.test(String((error as { code?: string })?.code ?? "")) ||
    Object.values(Deno.errors).some((kind) => error instanceof kind);
}

/**
 * The error to throw when `path` could not be written: a `StorageError` that names the file, the reason and the free
 * space; or the error itself, when the disk is not to blame.
 */
export function writeError(path: string, error: unknown, folder: string): unknown {
  if (error instanceof StorageError || !isStorageFailure(error)) return error;
  let free = "";
  try {
    free = ` (${amount(freeSpace(folder))} are free)`;
  } catch {
    // the folder itself is gone, which the reason says
  }
  return new StorageError(`Cannot write "${path}": ${reasonOf(error)}${free}${REMEDY}`);
}

/** What the system says of a failure, without its number and without the path, which the sentence names already. */
export function reasonOf(error: unknown): string {
  const message = (error as Error).message.replace(/ \(os error \d+\).*$/s, "").replace(/^E[A-Z0-9]+: |, \w+$/g, "");
  return message.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
