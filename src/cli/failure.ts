import { EXIT, FtxError } from "../errors.ts";

/** What to print for an error, and the exit code. */
export interface Failure {
  text: string;
  exitCode: number;
}

/**
 * Turns an error into text and an exit code. An FtxError has both; a failed disk is exit code 6; anything else is a bug
 * in ftx. A reader that has gone (`ftx schema | head`) is not an error: empty text, exit code 0.
 */
export function explain(error: unknown, { debug = false, colour = false } = {}): Failure {
  if (isBrokenPipe(error)) return { text: "", exitCode: EXIT.done };
  const { sentences, exitCode } = inWords(error);
  const label = colour ? "\x1b[31merror:\x1b[39m" : "error:";
  const lines = sentences.split("\n").map((sentence) => `${label} ${sentence}`);
  if (debug && error instanceof Error) lines.push(error.stack ?? "");
  return { text: lines.join("\n"), exitCode };
}

// Any write can fail in these ways.
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
    return { sentences: `Cannot go on: there is not enough memory (${message})`, exitCode: EXIT.memory };
  }
  const firstLine = message.split("\n")[0];
  return { sentences: `Cannot go on: ftx has a bug (${firstLine}); run again with --debug`, exitCode: EXIT.bug };
}

function codeOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === "string") return code;
  // Some Deno.errors have no code, only the operating system's number.
  const number = /os error (\d+)/.exec(String(message))?.[1];
  return { 5: "EIO", 24: "EMFILE", 28: "ENOSPC", 30: "EROFS", 122: "EDQUOT" }[Number(number)] ?? "";
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe || codeOf(error) === "EPIPE";
}
