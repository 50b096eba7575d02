// ftx against HF Trainer + PEFT on the same libtorch: same model, rows, adapter, settings; runs alternate (A B B A), the
// median of each cell's step times gives the ratio. Both comparisons are made: against the peer as its documentation runs
// it ("default") and against the peer with every switch that helps it ("equalised"). Only the second is a claim.
//
//   deno task bench                       all cells, about half an hour on 2 quiet cores
//   deno task bench lora-bf16 --pairs 1   one cell, quickly
//
// Needs a Python with the peers (tests/parity/requirements.txt): FTX_PEERS, or build/peers.
import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { findLibtorch } from "../src/libtorch/mod.ts";

interface Cell {
  method: "lora" | "full";
  dtype: "bf16" | "fp32";
  data: string;
  /** Least ratio of tokens per second that the project promises: against default, against equalised. */
  promise: [number, number];
}

const CELLS: Record<string, Cell> = {
  "lora-bf16": { method: "lora", dtype: "bf16", data: "even", promise: [1.6, 1.2] },
  "lora-bf16-prompt60": { method: "lora", dtype: "bf16", data: "even_prompt60", promise: [1.9, 1.2] },
  "lora-bf16-mixed": { method: "lora", dtype: "bf16", data: "mixed", promise: [1.6, 1.2] },
  "lora-bf16-packed": { method: "lora", dtype: "bf16", data: "packed", promise: [1.6, 1.2] },
  "full-bf16": { method: "full", dtype: "bf16", data: "even", promise: [1.3, 1.2] },
  "full-bf16-packed": { method: "full", dtype: "bf16", data: "packed", promise: [1.3, 1.2] },
  "lora-fp32": { method: "lora", dtype: "fp32", data: "even", promise: [1.8, 1.2] },
  "lora-fp32-packed": { method: "lora", dtype: "fp32", data: "packed", promise: [1.8, 1.2] },
  "full-fp32": { method: "full", dtype: "fp32", data: "even", promise: [1.8, 1.2] },
  "full-fp32-packed": { method: "full", dtype: "fp32", data: "packed", promise: [1.8, 1.2] },
};

interface Measured {
  tokens_per_second: number;
  tokens: number;
  median_step_seconds: number;
  step_seconds: number[];
  median_step_cpu_seconds: number;
  peak_bytes: number;
  losses: number[];
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: "string", default: "2" },
    steps: { type: "string", default: "12" },
    threads: { type: "string", default: "2" },
    out: { type: "string", default: "bench/results" },
  },
});
process.chdir(new URL("..", import.meta.url).pathname);
const python = process.env.FTX_PEERS ?? "build/peers/bin/python";
const wrong = positionals.filter((name) => !(name in CELLS));
if (wrong.length) fail(`Cannot bench "${wrong[0]}": choose from ${Object.keys(CELLS).join(", ")}`);
if (!existsSync(python)) {
  fail(
    `Cannot run the peers with "${python}": it is not there; set FTX_PEERS to a Python with tests/parity/requirements.txt`,
  );
}
if (!existsSync("build/bench/even.json")) await run(python, ["bench/make_model.py"]);

const rows: Record<string, unknown>[] = [];
console.log(`${cpus()[0].model}, ${options.threads} threads, libtorch ${findLibtorch().version}\n`);
console.log(
  line(["cell", "ftx tok/s", "default", "equalised", "× default", "× equal", "MiB ftx", "default", "equal", "mem ×"]),
);
for (const name of positionals.length ? positionals : Object.keys(CELLS)) {
  const cell = CELLS[name];
  const ours: Measured[] = [], standard: Measured[] = [], equal: Measured[] = [];
  for (let pair = 0; pair < Number(options.pairs); pair++) { // A B C C B A: drift of the machine cancels
    const turns = [
      () => ftx(cell).then((m) => ours.push(m)),
      () => peer(cell, "default").then((m) => standard.push(m)),
      () => peer(cell, "equalised").then((m) => equal.push(m)),
    ];
    for (const turn of pair % 2 ? turns.toReversed() : turns) await turn();
  }
  gate(name, cell, ours[0], standard[0]);
  const rate = (runs: Measured[]) => {
    const seconds = median(runs.flatMap((r) => r.step_seconds));
    return runs[0].tokens / runs[0].step_seconds.length / seconds;
  };
  const memory = (runs: Measured[]) => median(runs.map((r) => r.peak_bytes)) / 2 ** 20;
  const [a, b, c] = [ours, standard, equal].map(rate), [x, y, z] = [ours, standard, equal].map(memory);
  const mark = (ratio: number, least: number) => `${ratio.toFixed(2)}${ratio >= least ? "" : " !"}`;
  const shown = [a, b, c].map((n) => n.toFixed(0)), sizes = [x, y, z].map((n) => n.toFixed(0));
  console.log(
    line([name, ...shown, mark(a / b, cell.promise[0]), mark(a / c, cell.promise[1]), ...sizes, (x / y).toFixed(2)]),
  );
  rows.push({ cell: name, ...cell, load: loadavg()[0], ours, default: standard, equalised: equal });
}
await mkdir(options.out, { recursive: true });
const file = `${options.out}/cpu.json`;
await writeFile(file, JSON.stringify({ cpu: cpus()[0].model, options, rows }, null, 1) + "\n");
console.log(`\nA ! marks a ratio below the promise. Raw step times: ${file}`);

function ftx({ method, dtype, data }: Cell): Promise<Measured> {
  const model = method === "full" ? "fp32" : dtype;
  return measure(process.execPath, ["run", "-A", "--no-check", "bench/ours.ts", ...common(model, method, dtype, data)]);
}
function peer({ method, dtype, data }: Cell, mode: string): Promise<Measured> {
  const model = method === "full" ? "fp32" : dtype;
  return measure(python, ["bench/peer.py", ...common(model, method, dtype, data), "--mode", mode]);
}
function common(model: string, method: string, dtype: string, data: string): string[] {
  const adapter = method === "lora" ? ["--adapter", "build/bench/adapter"] : [];
  return ["--model", `build/bench/${model}`, "--data", `build/bench/${data}.json`, "--method", method, "--dtype", dtype]
    .concat(adapter, "--steps", options.steps, "--warmup", "4", "--threads", options.threads);
}

/** Both sides must do the same work: the first losses agree within 1e-4 (fp32) or 1e-2 (bf16). */
function gate(name: string, { dtype }: Cell, ours: Measured, theirs: Measured) {
  const most = dtype === "fp32" ? 1e-4 : 1e-2;
  for (const [i, want] of theirs.losses.entries()) {
    const off = Math.abs(ours.losses[i] - want) / Math.abs(want);
    if (off > most) fail(`Cannot compare ${name}: step ${i + 1} has loss ${ours.losses[i]}, the peer's is ${want}`);
  }
}

async function measure(program: string, args: string[]): Promise<Measured> {
  return JSON.parse((await run(program, args)).trim().split("\n").at(-1)!);
}
async function run(program: string, args: string[]): Promise<string> {
  const env = { OMP_NUM_THREADS: options.threads };
  const { success, stdout, stderr } = await new Deno.Command(program, { args, env, stdout: "piped", stderr: "piped" })
    .output();
  if (!success) fail(`Cannot finish "${[program, ...args].join(" ")}":\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
function median(xs: number[]): number {
  return xs.toSorted((a, b) => a - b)[xs.length >> 1];
}
function line([first, ...rest]: string[]): string {
  return first.padEnd(20) + rest.map((s) => s.padStart(11)).join("");
}
