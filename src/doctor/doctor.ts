import { userCache } from "../libtorch/mod.ts";
import { cpuFinding, diskFindings, memoryFinding, threadsFinding } from "./machine.ts";
import { type Finding, ok, problem } from "./finding.ts";
import { gpuFindings } from "./gpu.ts";
import type { GpuSeen } from "./gpu_look.ts";
import { hubFinding, tokenFinding } from "./hub.ts";
import { libtorchFinding, shimFinding } from "./libtorch.ts";
import type { LibtorchSeen } from "./libtorch_look.ts";
import { lookAt, type Looked } from "./look.ts";

/** Checks everything that runs need, in the order in which to fix it. Does not throw for what is broken. */
export async function examine(): Promise<Finding[]> {
  const [libtorch, gpu, tokenizer, hub] = await Promise.all([
    lookAt<LibtorchSeen>("libtorch"),
    lookAt<GpuSeen>("gpu"),
    lookAt("tokenizer"),
    hubFinding(),
  ]);
  const seen = libtorch.failure === undefined ? libtorch.seen : undefined;
  return [
    libtorchFinding(libtorch),
    await shimFinding(libtorch),
    ...gpuFindings(gpu, seen),
    cpuFinding(),
    threadsFinding(seen?.threads),
    memoryFinding(),
    ...diskFindings({ cache: userCache(), folder: Deno.cwd() }),
    tokenizerFinding(tokenizer),
    hub,
    tokenFinding(),
  ];
}

/** Whether the tokenizer addon loads. */
export function tokenizerFinding({ failure }: Looked<unknown>): Finding {
  if (failure === undefined) return ok("tokenizer", "its addon loads");
  const remedy = "copy ftx here again; in a clone, run any of its tasks once with a network";
  return problem("tokenizer", `its addon does not load: ${failure}`, remedy);
}

/** What `ftx doctor` prints: each finding with its remedy below, and at the end whether runs can work. */
export function report(findings: readonly Finding[], { colour = false } = {}): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const lines = findings.flatMap(({ name, state, text, remedy }) => [
    `${painted(state.padEnd(8), COLOURS[state], colour)} ${name.padEnd(width)}  ${text}`,
    ...remedy ? [`${" ".repeat(8)} ${" ".repeat(width)}  -> ${remedy}`] : [],
  ]);
  const count = (state: string, word: string) => {
    const n = findings.filter((one) => one.state === state).length;
    return n === 0 ? [] : [`${n} ${word}${n === 1 ? "" : "s"}`];
  };
  const bad = [...count("problem", "problem"), ...count("warning", "warning")];
  const verdict = `${canRun(findings) ? "ftx is ready" : "ftx is not ready"}${bad.length ? `: ${bad.join(", ")}` : ""}`;
  return [...lines, "", verdict].join("\n");
}

/** Whether runs can work: there is no problem. */
export function canRun(findings: readonly Finding[]): boolean {
  return findings.every(({ state }) => state !== "problem");
}

const COLOURS = { ok: 32, warning: 33, problem: 31 } as const;

function painted(text: string, code: number, colour: boolean): string {
  return colour ? `\x1b[${code}m${text}\x1b[39m` : text;
}
