// ftx against transformers + PEFT on one GPU: shapes of Llama-3.2-1B and Llama-3-8B with random weights, LoRA and full, packed rows.
// Runs alternate (A B B A); a cell that does not fit is noted as such. Writes bench/results/gpu.json.
//
//   deno run -A bench/gpu/main.ts                      every cell, on a GPU
//   deno run -A bench/gpu/main.ts 8b-lora-4096         one
//   deno run -A bench/gpu/main.ts --device cpu         the tiny cells: that the bench works
//
// The peers' Python is FTX_PEERS, or python3; without one that has transformers and peft, ftx is measured alone.
import { mkdir, writeFile } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { findLibtorch } from "../../src/libtorch/mod.ts";
import { ownShim } from "../../src/setup/own_shim.ts";
import { driver, openTensors, pickDevice } from "../../src/tensor/mod.ts";
import { type Cell, CELLS, lengthsOf, modelFlops, SHAPES } from "./cells.ts";

interface Measured {
  fits: boolean;
  tokens_per_second: number;
  step_seconds: number[];
  losses: number[];
  peak_bytes: number;
  /** ftx's side only: operations a second of a large product. */
  matmul?: number;
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    device: { type: "string", default: "auto" },
    pairs: { type: "string", default: "1" },
    steps: { type: "string", default: "30" },
    warmup: { type: "string", default: "10" },
    out: { type: "string", default: "bench/results" },
  },
});
process.chdir(new URL("../..", import.meta.url).pathname);
await openTensors(ownShim);
const device = pickDevice(options.device), python = process.env.FTX_PEERS ?? "python3";
const wrong = positionals.find((name) => !(name in CELLS));
if (wrong) fail(`Cannot bench "${wrong}": choose from ${Object.keys(CELLS).join(", ")}`);
const names = positionals.length
  ? positionals
  : Object.keys(CELLS).filter((name) => name.startsWith("tiny") === (device === "cpu"));
const peers = await has(python, "import transformers, peft");
if (!peers) console.log(`"${python}" has no transformers and peft: ftx is measured alone\n`);

const what = device === "cpu" ? "CPU" : driver()!.gpus[Number(device.split(":")[1])].name;
console.log(`${what}, libtorch ${findLibtorch().version}\n`);
console.log(line(["cell", "ftx tok/s", "MFU", "GiB", "peer tok/s", "GiB", "ratio"]));
await mkdir(options.out, { recursive: true });
const rows: Record<string, unknown>[] = [];
for (const name of names) {
  const cell = CELLS[name], ours: Measured[] = [], theirs: Measured[] = [];
  for (let pair = 0; pair < Number(options.pairs); pair++) {
    const turns = [
      () => ftx(name).then((m) => ours.push(m)),
      () => peers ? peer(cell).then((m) => theirs.push(m)) : Promise.resolve(0),
    ];
    for (const turn of pair % 2 ? turns.toReversed() : turns) await turn();
  }
  rows.push({ cell: name, ...cell, ...summary(cell, ours, theirs), ours, theirs });
  await writeFile(`${options.out}/gpu.json`, JSON.stringify({ device: what, options, rows }, null, 1) + "\n"); // each time: a later cell may fail
}

/** Prints a cell's line and returns its figures. MFU: the model's operations relative to a large product's on the same GPU. */
function summary(cell: Cell, ours: Measured[], theirs: Measured[]) {
  const rate = (runs: Measured[]) => runs.length && runs.every(({ fits }) => fits) ? mean(runs) : undefined;
  const [a, b] = [rate(ours), rate(theirs)], shape = SHAPES[cell.model];
  const flops = modelFlops(cell, shape, lengthsOf(cell).flat());
  const mfu = a && a * flops / ours[0].matmul!;
  const GiB = (runs: Measured[]) => runs[0]?.fits ? (runs[0].peak_bytes / 2 ** 30).toFixed(2) : "-";
  const percent = (x?: number) => x === undefined ? "-" : `${(100 * x).toFixed(1)} %`;
  const shown = (x?: number, runs = ours) => x?.toFixed(0) ?? (runs.length ? "too large" : "-");
  const ratio = a && b && a / b;
  console.log(
    line([
      positionOf(cell),
      shown(a),
      percent(mfu),
      GiB(ours),
      shown(b, theirs),
      GiB(theirs),
      ratio ? ratio.toFixed(2) : "-",
    ]),
  );
  if (a && b) gate(positionOf(cell), ours[0].losses[0], theirs[0].losses[0]);
  return { tokens_per_second: a, peer_tokens_per_second: b, ratio, mfu, flops_per_token: flops };
}

/** Each side draws its own weights, so first losses are not equal; both are near ln V if both compute the same. */
function gate(name: string, ours: number, theirs: number) {
  if (Math.abs(ours / theirs - 1) > 0.05) {
    fail(`Cannot compare ${name}: its first loss is ${ours}, the peer's ${theirs}`);
  }
}

function ftx(name: string): Promise<Measured> {
  return measure(process.execPath, ["run", "-A", "--no-check", "bench/gpu/ours.ts", "--cell", name, ...common()]);
}
async function peer(cell: Cell): Promise<Measured> {
  const file = await Deno.makeTempFile({ suffix: ".json" });
  try {
    await writeFile(file, JSON.stringify({ ...cell, config: SHAPES[cell.model], lengths: lengthsOf(cell) }));
    return await measure(python, ["bench/gpu/peer.py", "--cell", file, ...common()]);
  } finally {
    await Deno.remove(file);
  }
}
function common(): string[] {
  return ["--device", device, "--steps", options.steps, "--warmup", options.warmup];
}

async function measure(program: string, args: string[]): Promise<Measured> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args, stdout: "piped", stderr: "piped" })
    .output();
  if (!success) fail(`Cannot finish "${[program, ...args].join(" ")}":\n${new TextDecoder().decode(stderr)}`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}
async function has(program: string, statement: string): Promise<boolean> {
  try {
    return (await new Deno.Command(program, { args: ["-c", statement], stderr: "null" }).output()).success;
  } catch {
    return false;
  }
}
function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
function positionOf(cell: Cell): string {
  return Object.keys(CELLS).find((name) => CELLS[name] === cell)!;
}
function mean(runs: Measured[]): number {
  return runs.reduce((sum, { tokens_per_second }) => sum + tokens_per_second, 0) / runs.length;
}
function line([first, ...rest]: string[]): string {
  return first.padEnd(16) + rest.map((s) => s.padStart(12)).join("");
}
