// ftx's side of a cell: weights drawn on the device, documents packed into rows. Prints one JSON object.
//
//   deno run -A bench/gpu/ours.ts --cell 8b-lora-4096 --device cuda
import { parseArgs } from "node:util";
import { attachLora, projections, setTraining, trainAll } from "../../src/adapters/mod.ts";
import { type Batch, batchOf } from "../../src/data/mod.ts";
import { EXIT } from "../../src/errors.ts";
import { build, initialise, modelConfig } from "../../src/models/mod.ts";
import { adamw, Optimizer, uniform } from "../../src/optim/mod.ts";
import { ownShim } from "../../src/setup/own_shim.ts";
import { Feed } from "../../src/train/feed.ts";
import { nextToken } from "../../src/stages/sft.ts";
import { train } from "../../src/train/loop.ts";
import {
  float32Products,
  gpuMemory,
  manualSeed,
  memory,
  openTensors,
  pickDevice,
  randn,
  resetPeak,
  scope,
  synchronize,
  TensorError,
} from "../../src/tensor/mod.ts";
import { type Cell, CELLS, lengthsOf, SHAPES } from "./cells.ts";

const { values: args } = parseArgs({
  options: {
    cell: { type: "string", default: "tiny-lora" },
    device: { type: "string", default: "auto" },
    steps: { type: "string", default: "30" },
    warmup: { type: "string", default: "10" },
  },
});
await openTensors(ownShim);
const cell = CELLS[args.cell], shape = SHAPES[cell.model], device = pickDevice(args.device);
const warmup = Number(args.warmup), steps = Number(args.steps);

try {
  console.log(JSON.stringify({ ...await measure(), matmul: matmulRate() }));
} catch (error) {
  if (!(error instanceof TensorError) || error.exitCode !== EXIT.memory) throw error;
  console.log(JSON.stringify({ fits: false }));
}

async function measure() {
  manualSeed(42);
  float32Products(device);
  using model = build(modelConfig({ ...shape, dtype: "bfloat16" }), { dtype: "bf16", device });
  initialise(model);
  if (cell.method === "full") trainAll(model);
  else {
    const paths = [...projections(model).keys()].filter((path) => path.startsWith("model.layers."));
    attachLora(model, new Map(paths.map((path) => [path, { rank: 16, alpha: 32 }]))).forEach((layer) =>
      layer.initialise()
    );
  }
  setTraining(model, true);
  const named = [...model.parameters()].filter(([, p]) => p.wantsGrad);
  using optimizer = new Optimizer(named, uniform(adamw()), { pureBf16: cell.method === "full" });
  using feed = new Feed(device);
  resetPeak(device);
  const loop = train({
    steps: batches(cell),
    objective: nextToken(model, { checkpointing: cell.checkpointing, feed }),
    ...{ optimizer, device, feed },
    maxGradNorm: 1,
    learningRate: () => 1e-4,
  });
  const seconds: number[] = [], losses: number[] = [];
  let at = performance.now(), window = 0;
  for await (const done of loop) {
    const now = performance.now();
    losses.push(done.loss);
    if (done.step > warmup) seconds.push((now - at) / 1000);
    if (done.step === warmup) {
      synchronize(device);
      window = performance.now();
    }
    at = performance.now();
  }
  synchronize(device);
  const all = (performance.now() - window) / 1000, tokens = steps * cell.rows * cell.sequence;
  return {
    fits: true,
    tokens_per_second: tokens / all,
    step_seconds: seconds,
    losses,
    peak_bytes: memory(device).peak,
    ...device === "cpu" ? {} : { memory: gpuMemory(device) },
  };
}

/** The same batch at every step: what is measured is time. */
function* batches(cell: Cell): Generator<Batch[]> {
  const batch = batchOf(
    lengthsOf(cell).map((lengths, row) => {
      let at = 0;
      return lengths.map((length) => {
        const ids = Int32Array.from({ length }, () => (7919 * at++ + 104729 * row) % shape.vocab_size);
        return { ids, labels: ids };
      });
    }),
  );
  for (let step = 0; step < warmup + steps; step++) yield [batch];
}

/** Floating-point operations a second of a large product in bf16: what the model's are measured against. */
function matmulRate(): number {
  const n = device === "cpu" ? 256 : 8192, times = device === "cpu" ? 3 : 30;
  return scope(() => {
    const a = randn([n, n], { dtype: "bf16", device }), b = randn([n, n], { dtype: "bf16", device });
    const run = (times: number) => {
      for (let i = 0; i < times; i++) scope(() => void a.matmul(b));
      synchronize(device);
    };
    run(3);
    const began = performance.now();
    run(times);
    return times * 2 * n ** 3 / ((performance.now() - began) / 1000);
  });
}
