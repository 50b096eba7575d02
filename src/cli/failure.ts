import { EXIT, FtxError } from "../errors.ts";

/** What to print for an error, and the number to exit with. */
export interface Failure {
  text: string;
  exitCode: number;
}

/**
 * Puts an error in words. An FtxError speaks for itself, a disk that failed is exit code 6, and anything else is a bug
 * of ftx. A reader that went away (`ftx schema | head`) is no error: empty text, exit code 0.
 */
export function explain(error: unknown, { debug = false, colour = false } = {}): Failure {
  if (isBrokenPipe(error)) return { text: "", exitCode: EXIT.done };
  const { sentences, exitCode } = inWords(error);
  const label = colour ? "\x1b[31merror:\x1b[39m" : "error:";
  const lines = sentences.split("\n").map((sentence) => `${label} ${sentence}`);
  if (debug && error instanceof Error) lines.push(error.stack ?? "");
  return { text: lines.join("\n"), exitCode };
}

// Storage fails in few ways, and any write may meet them.
const STORAGE: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; free some space",
  EDQUOT: "the disk quota is used up; free some space",
  EROFS: "the file system is read-only; choose another folder",
  EIO: "the disk failed to read or write; check it",
  EMFILE: "too many files are open; raise the limit (ulimit -n)",
};

function inWords(error: unknown): { sentences: string; exitCode: number } {
  if (error instanceof FtxError) return { sentences: error.message, exitCode: error.exitCode };
  const message = error instanceof Error ? error.message : String(error);
  const why = STORAGE[codeOf(error)];
  if (why !== undefined) return { sentences: `Cannot go on: ${why} (${message})`, exitCode: EXIT.storage };
  if (error instanceof Deno.errors.PermissionDenied) {
    return { sentences: `Cannot go on: ${message}; check who may read and write it`, exitCode: EXIT.storage };
  }
  if (error instanceof RangeError && /allocation failed/i.test(message)) {
    return { sentences: `Cannot go on: memory does not suffice (${message})`, exitCode: EXIT.memory };
  }
  const firstLine = message.split("\n")[0];
  return { sentences: `Cannot go on: ftx has a bug (${firstLine}); run again with --debug`, exitCode: EXIT.bug };
}

function codeOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === "string") return code;
  // Deno.errors carry no code for some of these, only the number of the system.
  const number = /os error (\d+)/.exec(String(message))?.[1];
  return { 5: "EIO", 24: "EMFILE", 28: "ENOSPC", 30: "EROFS", 122: "EDQUOT" }[Number(number)] ?? "";
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || codeOf(error) === "EPIPE";
}
