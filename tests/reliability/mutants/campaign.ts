// Runs campaigns of mutated files: thousands of them in one process, which is started anew when one ends it.

import { Lines } from "./lines.ts";

/** What became of a campaign's mutants. */
export interface Outcomes {
  /** How many ended in each way. */
  readonly tally: Record<string, number>;
  /** What should not have happened, with the seed. */
  readonly failures: string[];
  /** The longest that one took, in seconds, and the most memory of the process, in MiB. */
  longest: number;
  memory: number;
}

interface Options {
  /** The module of the process, beside this file. */
  readonly module: string;
  /** Seeds from here, 0 by default, to below `count`. */
  readonly from?: number;
  readonly count: number;
  /** Phases in which the process may die or be ended: what is tried there is tried in a process of its own in ftx. */
  readonly mayDie?: readonly string[];
  /** Seconds that a phase may take, half as many where it may die: the process is ended then. */
  readonly patience?: number;
  /** Bytes that the process may take. */
  readonly memory?: number;
}

const RUNTIME = 2 ** 29; // bytes that the runtime reserves
const START = 60; // seconds that a process may take to begin, on a crowded machine

/** Tries the mutants of these seeds. */
export async function campaign(options: Options): Promise<Outcomes> {
  const outcomes: Outcomes = { tally: {}, failures: [], longest: 0, memory: 0 };
  for (let seed = options.from ?? 0; seed < options.count;) seed = await part(seed, options, outcomes);
  return outcomes;
}

/** Tries mutants from `from` until the process ends; returns the seed that comes next. */
async function part(
  from: number,
  { module, count, mayDie = [], patience = 5, memory = 2 ** 30 }: Options,
  outcomes: Outcomes,
): Promise<number> {
  const script = new URL(`${module}.ts`, import.meta.url).pathname;
  const limits = `ulimit -c 0; ulimit -d ${(memory + RUNTIME) / 1024}`;
  const run = [Deno.execPath(), "run", "-A", "--no-check", script, String(from), String(count)];
  const child = new Deno.Command("/bin/sh", {
    args: ["-c", `${limits}; exec "$@"`, "sh", ...run],
    env: { RUST_BACKTRACE: "0", RAYON_NUM_THREADS: "1", TOKENIZERS_PARALLELISM: "false", NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors = new Response(child.stderr).text();
  let seed = from, phase = "begins", since = performance.now(), started = since, done = false;
  const watch = setInterval(() => {
    outcomes.memory = Math.max(outcomes.memory, residentMiB(child.pid));
    const most = phase === "begins" ? START : mayDie.includes(phase) ? patience / 2 : patience;
    if (performance.now() - since < most * 1000) return;
    clearInterval(watch);
    try {
      child.kill("SIGKILL");
    } catch {
      // It has just ended by itself.
    }
  }, 100);
  const add = (how: string) => outcomes.tally[how] = (outcomes.tally[how] ?? 0) + 1;
  for await (const line of child.stdout.pipeThrough(new Lines())) {
    const [number, word, ...rest] = line.split(" ");
    [seed, phase, done] = [Number(number), word, word === "ends"];
    since = performance.now();
    if (word === "starts") started = since;
    if (!done) continue;
    outcomes.longest = Math.max(outcomes.longest, (since - started) / 1000);
    const how = rest.join(" ");
    if (how.startsWith("BUG")) outcomes.failures.push(`${seed}: ${how}`);
    add(how.startsWith("BUG") ? "BUG" : how);
  }
  clearInterval(watch);
  const { signal } = await child.status, said = (await errors).trim().split("\n").slice(0, 3).join(" | ");
  if (phase === "begins") throw new Error(`the process of "${module}" does not start: ${said}`);
  if (done) return seed + 1;
  add(`ended in "${phase}"`);
  if (!mayDie.includes(phase)) {
    outcomes.failures.push(`${seed}: ended in "${phase}" (${signal}; ${said.slice(0, 300)})`);
  }
  return seed + 1;
}

function residentMiB(pid: number): number {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(Deno.readTextFileSync(`/proc/${pid}/status`))?.[1] ?? 0) / 1024;
  } catch {
    return 0; // it has ended
  }
}
