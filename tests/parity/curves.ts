// The Trainer's 30 steps of a fixture, repeated by ftx.
import assert from "node:assert/strict";
import { attachAdapter, setTraining, trainAll, trainSome } from "../../src/adapters/mod.ts";
import { oneEach } from "../../src/data/sets/rows.ts";
import { EncodedSet } from "../../src/data/sets/set.ts";
import type { CausalLm } from "../../src/models/mod.ts";
import { adamw, type Named, Optimizer, uniform } from "../../src/optim/mod.ts";
import { evaluate } from "../../src/train/evaluate.ts";
import { Feed } from "../../src/train/feed.ts";
import { nextToken, nextTokenJudge } from "../../src/stages/sft.ts";
import { train } from "../../src/train/loop.ts";
import { planSteps, stepsOf } from "../../src/train/steps.ts";
import { Rate } from "../../src/train/rate.ts";
import { type Device, keep, live, noGrad, type Tensor } from "../../src/tensor/mod.ts";
import { computeIn } from "../../src/weights/mod.ts";
import { json, model, path } from "./fixture.ts";

type Row = { input_ids: number[]; labels: number[] };
const rows: { train: Row[]; eval: Row[] } = json("curves/rows.json");

function setOf(rows: Row[]): EncodedSet {
  const offsets = new Float64Array(rows.length + 1);
  rows.forEach((row, i) => offsets[i + 1] = offsets[i] + row.input_ids.length);
  const all = (key: keyof Row) => Int32Array.from(rows.flatMap((row) => row[key]));
  const documents = { ids: all("input_ids"), labels: all("labels"), offsets };
  return new EncodedSet(documents, oneEach(Int32Array.from(rows.keys())), "fixture");
}

/** What trains, by the run's finetuning type, from where the peer started. */
async function prepare(lm: CausalLm, type: string) {
  if (type === "full") trainAll(lm);
  else if (type === "freeze") {
    trainSome(lm, { freezeTrainableLayers: 2, freezeTrainableModules: ["all"], freezeExtraModules: [] });
  } else await attachAdapter(lm, path("curves/lora_start"));
  setTraining(lm, true);
}

const near = (ours: number, theirs: number, tolerance: number, what: string) =>
  assert.ok(Math.abs(ours - theirs) <= tolerance * Math.abs(theirs), `${what}: ${ours}, the Trainer has ${theirs}`);

/** Runs a fixture's 30 steps on a device; every loss must be within `tolerance` of the Trainer's, relatively. */
export async function follow(name: string, tolerance: number, device: Device = "cpu") {
  const before = live();
  const run = json(`curves/${name}.json`), s = run.settings;
  const lm = await model("llama2", {}, "f32", device);
  const settings = {
    perDeviceTrainBatchSize: s.per_device_train_batch_size,
    gradientAccumulationSteps: s.gradient_accumulation_steps,
    numTrainEpochs: 3,
    maxSteps: s.max_steps,
    seed: s.seed,
    disableShuffling: false,
    groupByLength: false,
  };
  await prepare(lm, run.finetuning_type);
  const named: Named[] = [...lm.parameters()].filter(([, p]) => p.wantsGrad);
  const masters = new Map<string, Tensor>();
  if (s.bf16) {
    for (const [n, p] of named) if (!n.includes("lora_")) masters.set(n, keep(noGrad(() => p.detach().clone())));
    computeIn(lm, "bf16");
  }
  const optimizer = new Optimizer(named, uniform(adamw(), { weightDecay: s.weight_decay }), { masters });
  const rate = new Rate({
    learningRate: s.learning_rate,
    lrSchedulerType: s.lr_scheduler_type,
    lrSchedulerKwargs: {},
    warmupSteps: s.warmup_steps,
    warmupRatio: 0,
  }, s.max_steps);
  const set = setOf(rows.train), plan = planSteps(set, settings), held = setOf(rows.eval);
  using feed = new Feed(device);
  const loop = train({
    steps: stepsOf(set, settings, plan, 0),
    objective: nextToken(lm, { labelSmoothing: s.label_smoothing_factor ?? 0, feed }),
    ...{ optimizer, device, feed },
    maxGradNorm: s.max_grad_norm,
    learningRate: (i) => rate.at(i),
  });
  let clipped = 0;
  for await (const done of loop) {
    const want = run.steps[done.step - 1], at = `${name}, step ${done.step}`;
    near(done.loss, want.loss, tolerance, `${at}, loss`);
    near(done.gradNorm, want.grad_norm, 10 * tolerance, `${at}, gradient norm`);
    near(done.learningRate, want.learning_rate, 1e-12, `${at}, learning rate`);
    if (done.gradNorm > s.max_grad_norm) clipped++;
    const evaluation = run.evals.find((e: { step: number }) => e.step === done.step);
    if (evaluation) {
      const { metrics } = (await evaluate(lm, nextTokenJudge(lm), held, { batchSize: s.per_device_eval_batch_size }))!;
      near(metrics.loss, evaluation.eval_loss, tolerance, `${at}, eval_loss`);
    }
  }
  if (s.max_grad_norm < 100) assert.ok(clipped > 0, "no step was clipped");
  if (!s.bf16) {
    for (const [n, p] of named) {
      const key = n.includes("lora_") ? `base_model.model.${n}` : n;
      near(p.linalgVectorNorm().item(), run.weights[key].norm, 1e-4, `${name}, norm of ${n} at the end`);
    }
  }
  optimizer[Symbol.dispose]();
  lm[Symbol.dispose]();
  assert.ok(live() - before < 200, `${live() - before} handles left`);
}

/** Runs in fp32. */
export const EXACT = [
  ..."full full_accumulated freeze freeze_accumulated lora lora_accumulated unclipped".split(" "),
  ..."label_smoothing label_smoothing_accumulated".split(" "),
];
