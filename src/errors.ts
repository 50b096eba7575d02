/** Exit codes, by what ended the run. README, "Exit codes", explains them to users. */
export const EXIT = {
  done: 0,
  bug: 1,
  usage: 2,
  memory: 3,
  diverged: 4,
  data: 5,
  storage: 6,
  network: 7,
  rank: 8,
  interrupted: 130,
  terminated: 143,
} as const;

/**
 * An error that the user can fix. Its message is one sentence: cannot do what, with what: why; what to do; or several,
 * a line each. What files say may be in it: control characters are left out, and the middle of a line that fills the screen.
 */
export class FtxError extends Error {
  override name = "FtxError";
  constructor(message: string, readonly exitCode: number = EXIT.usage) {
    super(message.split("\n").map(readable).join("\n"));
  }
}

const LONGEST = 1200; // characters of a sentence; its beginning names the file, its end says what to do
const END = 250;

function readable(line: string): string {
  const clean = withoutControls(line);
  if (clean.length <= LONGEST) return clean;
  return `${clean.slice(0, LONGEST - END).toWellFormed()} … ${clean.slice(-END).toWellFormed()}`;
}

// deno-lint-ignore no-control-regex
const withoutControls = (text: string) => text.replace(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/g, "");

/** A setting, or a combination of settings, that cannot be used. Exit code 2. */
export class RecipeError extends FtxError {
  override name = "RecipeError";
}

/** Weights, a model folder or an adapter that cannot be loaded. Exit code 2. */
export class CheckpointError extends FtxError {
  override name = "CheckpointError";
}

/** Training data that cannot be used. Exit code 5. */
export class DataError extends FtxError {
  override name = "DataError";
  constructor(message: string) {
    super(message, EXIT.data);
  }
}

/** A disk that is full, read-only or broken. Exit code 6. */
export class StorageError extends FtxError {
  override name = "StorageError";
  constructor(message: string) {
    super(message, EXIT.storage);
  }
}

/** Not enough memory. Exit code 3. */
export class MemoryError extends FtxError {
  override name = "MemoryError";
  constructor(message: string) {
    super(message, EXIT.memory);
  }
}

/** Training diverged to NaN or infinity and could not continue. Exit code 4. */
export class DivergedError extends FtxError {
  override name = "DivergedError";
  constructor(message: string) {
    super(message, EXIT.diverged);
  }
}

/** A request to a hub or another server that failed. Exit code 7. */
export class NetworkError extends FtxError {
  override name = "NetworkError";
  constructor(message: string) {
    super(message, EXIT.network);
  }
}

/** A text of at most `most` characters, with "…" for what is left out at its end. */
export const shortened = (text: string, most: number): string =>
  text.length > most ? text.slice(0, most - 1) + "…" : text;

/** Names for a sentence: the first five, each cut to 60 characters, and how many more there are. */
export function few(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => shortened(name, 60)).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

const LONGEST_QUOTE = 100; // characters

/** Words that others wrote, for a sentence: in quotes, on one line, cut after 100 characters. */
export function quoted(words: string): string {
  const line = withoutControls(words.replace(/\s+/g, " ")).trim();
  return `"${line.length > LONGEST_QUOTE ? line.slice(0, LONGEST_QUOTE).toWellFormed() + "…" : line}"`;
}
