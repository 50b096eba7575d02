import { createHash } from "node:crypto";
import { quoted } from "../errors.ts";
import { runConfined, type TrialEnd } from "./confined.ts";
import { hasPassed, keepPassed } from "./passed.ts";

/** What is tried out. */
export interface Subject {
  /** The key of `TRIALS` in `src/cli/try.ts`. */
  readonly trial: string;
  /** What does the work and could fail at it, as sentences name it: "the tokenizer library". */
  readonly engine: string;
  /** Changes whenever the engine or the trial does: what passed before is then tried again. */
  readonly version: string;
}

/**
 * Tries `input`, any JSON, in a process of its own. Returns nothing if it can be used, or else why it cannot, as a clause
 * that begins with "it". What has passed is remembered in ftx's cache by a hash of its content, so that it costs a
 * process (0.1 to 0.3 s) once. Where no process can be started, nothing is tried. `bytes`: how much there is to read, by
 * which time and memory are limited; by default the length of the input.
 */
export async function tryOut(
  subject: Subject,
  input: unknown,
  { bytes }: { bytes?: number } = {},
): Promise<string | undefined> {
  const text = JSON.stringify(input);
  const key = createHash("sha256").update(JSON.stringify(subject)).update(text).digest("hex");
  if (hasPassed(key)) return undefined;
  const end = await runConfined(subject.trial, text, { bytes });
  if (end.kind === "passed") keepPassed(key);
  return describe(end, subject.engine);
}

function describe(end: TrialEnd, engine: string): string | undefined {
  switch (end.kind) {
    case "passed":
    case "not tried":
      return undefined;
    case "refused":
      return end.why;
    case "slow":
      return `it keeps ${engine} busy for more than ${end.seconds} s`;
    case "large":
      return `it makes ${engine} take more than ${(end.bytes / 2 ** 30).toFixed(1)} GiB of memory`;
    case "crash":
      return `it makes ${engine} crash (${quoted(end.last)})`;
  }
}
