// ftx's side of the benchmark: the same model, rows, adapter and settings as bench/peer.py. Prints one JSON object.
//
//   deno run -A bench/ours.ts --model build/bench/bf16 --data build/bench/even.json --method lora --dtype bf16
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { attachAdapter, setTraining, trainAll } from "../src/adapters/mod.ts";
import { EncodedSet } from "../src/data/sets/set.ts";
import { adamw, Optimizer, uniform } from "../src/optim/mod.ts";
import { ownShim } from "../src/setup/own_shim.ts";
import { nextToken } from "../src/stages/sft.ts";
import { train } from "../src/train/loop.ts";
import { fastFloat32, keep, manualSeed, memory, noGrad, openTensors, type Tensor, threads } from "../src/tensor/mod.ts";
import { computeIn, loadModel } from "../src/weights/mod.ts";

const { values: args } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    adapter: { type: "string" },
    method: { type: "string", default: "lora" },
    dtype: { type: "string", default: "fp32" },
    steps: { type: "string", default: "16" },
    warmup: { type: "string", default: "4" },
    batch: { type: "string", default: "2" },
    threads: { type: "string", default: "2" },
    "learning-rate": { type: "string", default: "1e-4" },
    checkpointing: { type: "boolean", default: false },
  },
});
const steps = Number(args.steps), warmup = Number(args.warmup), rowsPerBatch = Number(args.batch);

type Document = { input_ids: number[]; labels: number[] };
const rows: { documents: Document[] }[] = JSON.parse(readFileSync(args.data!, "utf8")).rows;

await openTensors(ownShim);
threads(Number(args.threads));
manualSeed(42);
fastFloat32();
const dtype = args.dtype === "bf16" ? "bf16" : "f32";
const full = args.method === "full";
using model = await loadModel(args.model!, { dtype: full ? "auto" : dtype, device: "cpu" });
const masters = new Map<string, Tensor>();
if (full) trainAll(model);
else await attachAdapter(model, args.adapter!);
setTraining(model, true);
const named = [...model.parameters()].filter(([, p]) => p.wantsGrad);
if (full && dtype === "bf16") {
  for (const [name, p] of named) masters.set(name, keep(noGrad(() => p.detach().clone().to("f32"))));
  computeIn(model, "bf16");
}
using optimizer = new Optimizer(named, uniform(adamw()), { masters });
const loaded = status("VmRSS");
writeFileSync("/proc/self/clear_refs", "5"); // VmHWM counts from here

const set = setOf(rows);
const batchCount = Math.ceil(rows.length / rowsPerBatch);
function* batches() {
  for (let step = 0; step < warmup + steps; step++) {
    const first = (step % batchCount) * rowsPerBatch;
    const members = Array.from({ length: Math.min(rowsPerBatch, rows.length - first) }, (_, i) => first + i);
    yield [set.batch(members)];
  }
}
const seconds: number[] = [], cpuSeconds: number[] = [], losses: number[] = [];
let tokens = 0, at = performance.now(), cpu = cpuNow();
const loop = train({
  steps: batches(),
  objective: nextToken(model, { checkpointing: args.checkpointing }),
  optimizer,
  maxGradNorm: 1,
  learningRate: () => Number(args["learning-rate"]),
});
for await (const done of loop) {
  const now = performance.now(), cpuThen = cpuNow();
  losses.push(done.loss);
  if (done.step > warmup) {
    seconds.push((now - at) / 1000);
    cpuSeconds.push(cpuThen - cpu);
    tokens += done.tokens;
  }
  [at, cpu] = [now, cpuThen];
}
const median = (xs: number[]) => xs.toSorted((a, b) => a - b)[xs.length >> 1];
console.log(JSON.stringify({
  ...args,
  tokens_per_second: tokens / seconds.reduce((a, b) => a + b),
  tokens,
  median_step_seconds: median(seconds),
  median_step_cpu_seconds: median(cpuSeconds),
  step_seconds: seconds,
  losses,
  peak_bytes: status("VmHWM"),
  loaded_bytes: loaded,
  tensors: memory(),
}));

/** Bytes of this process: VmRSS now, VmHWM at most. */
function status(field: string): number {
  return Number(readFileSync("/proc/self/status", "utf8").match(new RegExp(`${field}:\\s+(\\d+)`))![1]) * 1024;
}

function cpuNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** The file's rows as a set: a row of several documents is a pack. */
function setOf(rows: { documents: Document[] }[]): EncodedSet {
  const documents = rows.flatMap((row) => row.documents);
  const offsets = new Float64Array(documents.length + 1);
  documents.forEach((d, i) => offsets[i + 1] = offsets[i] + d.input_ids.length);
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, i) => starts[i + 1] = starts[i] + row.documents.length);
  const all = (key: keyof Document) => Int32Array.from(documents.flatMap((d) => d[key]));
  const members = Int32Array.from(documents.keys());
  return new EncodedSet(
    { ids: all("input_ids"), labels: all("labels"), offsets },
    { members, starts },
    "bench",
  );
}
