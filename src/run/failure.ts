import { StorageError } from "../errors.ts";
import { amount, freeSpace } from "./space.ts";

/** What the user can do about a full or broken disk. */
export const REMEDY = "; make room or choose another folder";

/** True for a failure of the disk (full, read-only, broken), false for a bug. */
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
    // the folder itself is gone; the reason says so
  }
  return new StorageError(`Cannot write "${path}": ${reasonOf(error)}${free}${REMEDY}`);
}

/** The system's message about a failure, without the error number and the path, which the caller already names. */
export function reasonOf(error: unknown): string {
  const message = (error as Error).message.replace(/ \(os error \d+\).*$/s, "").replace(
    /^E[A-Z0-9]+: |, \w+( '.*')?$/g,
    "",
  );
  return message.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
