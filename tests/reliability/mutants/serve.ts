// The process of a campaign: tries mutants one after another and says what came of each.

import { DataError, FtxError } from "../../../src/errors.ts";

/** What becomes of a mutant: "used", or how it was refused. Anything else that is thrown is a bug. */
export type Try = (seed: number, say: (phase: string) => void) => Promise<string>;

/** Tries the mutants of the seeds that the command line names, `FROM TO`, a line for each phase and each outcome. */
export async function serve(attempt: Try): Promise<void> {
  const [from, to] = Deno.args.map(Number);
  for (let seed = from; seed < to; seed++) {
    const say = (phase: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${seed} ${phase}\n`));
    say("starts");
    say(`ends ${await attempt(seed, say).catch(outcome)}`);
  }
}

function outcome(error: unknown): string {
  if (!(error instanceof FtxError)) {
    return `BUG ${error instanceof Error ? error.stack?.replaceAll("\n", " | ") : error}`;
  }
  const isSentence = error.message.length <= 1500 && /^Cannot .*: .*; |^Cannot .*: /.test(error.message);
  if (!isSentence) return `BUG no sentence: ${error.message.slice(0, 300)}`;
  return error instanceof DataError ? "data" : "refused";
}
