import { ownCommand } from "../libtorch/mod.ts";

/** How a trial ended. */
export type TrialEnd =
  | { kind: "passed" }
  | { kind: "not tried" }
  | { kind: "refused"; why: string }
  | { kind: "slow"; seconds: number }
  | { kind: "large"; bytes: number }
  | { kind: "crash"; last: string };

/** What a trial's process prints before it begins to try. One that ends without it proves nothing. */
export const READY = "ready";

/**
 * Limits of a trial's process for an input of this many bytes. Computing time rather than time, so that a crowded machine
 * refuses nothing. A tokenizer of 17 MB takes 1.7 s and 0.55 GB, an ordinary one 0.1 s, a chat template 0.15 s at most.
 */
function limitsFor(bytes: number): { seconds: number; memory: number } {
  return { seconds: 2 + Math.floor(bytes / 2 ** 21), memory: 2 ** 30 + 16 * bytes };
}

const RUNTIME = 2 ** 29; // bytes that the runtime reserves, of which it uses a tenth
const PATIENCE = 20; // times the computing time: a process that waits for ever takes none

/** Runs a trial in a process that is limited in time and memory, leaves no core file, and ends with its parent's wait. */
export async function runConfined(
  trial: string,
  input: string,
  { bytes = input.length, shell = "/bin/sh" }: {
    bytes?: number;
    shell?: string;
  } = {},
): Promise<TrialEnd> {
  const { seconds, memory } = limitsFor(bytes);
  const limits = `ulimit -c 0; ulimit -S -t ${seconds}; ulimit -d ${Math.ceil((memory + RUNTIME) / 1024)}`;
  const command = ownCommand("--try", trial);
  const options = {
    env: { NO_COLOR: "1", RUST_BACKTRACE: "0", RAYON_NUM_THREADS: "1", TOKENIZERS_PARALLELISM: "false" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(seconds * PATIENCE * 1000),
  } as const;
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(shell, { args: ["-c", `${limits}; exec "$@"`, "sh", ...command], ...options }).spawn();
  } catch {
    return { kind: "not tried" }; // no shell, or no more processes
  }
  const [{ success, signal, stdout, stderr }] = await Promise.all([child.output(), send(child, input)]);
  const [said, errors] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  const [ready, answer] = said.split("\n");
  if (ready !== READY) return { kind: "not tried" };
  if (success) {
    const { why } = JSON.parse(answer) as { why?: string };
    return why === undefined ? { kind: "passed" } : { kind: "refused", why };
  }
  if (signal === "SIGXCPU" || signal === "SIGTERM") return { kind: "slow", seconds };
  if (signal === "SIGKILL" || /memory allocation of \d+ bytes failed|out of memory/.test(errors)) {
    return { kind: "large", bytes: memory };
  }
  return { kind: "crash", last: panic(errors) ?? signal ?? lastLine(errors) };
}

/** Writes the input; a process that has ended cannot read it. */
async function send(child: Deno.ChildProcess, input: string): Promise<void> {
  try {
    await new Blob([input]).stream().pipeTo(child.stdin);
  } catch {
    // How it ended says why.
  }
}

/** What a library written in Rust said last. */
function panic(errors: string): string | undefined {
  return /panicked at [^\n]*:\n([^\n]+)/.exec(errors)?.[1];
}

function lastLine(errors: string): string {
  return errors.trim().split("\n").at(-1)!;
}
