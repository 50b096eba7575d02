import type { Place } from "./place.ts";

/** One kind of bad input: what is broken, what is run, and everything it prints. */
export interface Case {
  name: string;
  /** Breaks an intact place before the command runs. */
  spoil?: (place: Place) => void | Promise<void>;
  /** The command's words. Default `SFT`. */
  run?: string;
  /** The whole of stderr with `--quiet`, a line each, without `error: `. `{n} are free`: whatever the machine has. */
  says: string | string[];
  /** The exit code. */
  code: number;
  /** Files that the command may leave or change. Default none. */
  leaves?: RegExp;
  /** It takes a process of its own. */
  alone?: boolean;
  /** Why it cannot be tried on this machine, if it cannot. */
  skip?: () => string | undefined;
  /** Something that must be there while the command runs, disposed afterwards. */
  meanwhile?: (place: Place) => Disposable;
}
