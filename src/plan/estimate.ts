import { type Facts, tokensOf, WIDTHS } from "./facts.ts";
import { flopsPerToken } from "./flops.ts";
import { pass } from "./forward.ts";
import { ALLOCATORS, type ByKind, Ledger } from "./ledger.ts";
import { load } from "./loading.ts";
import { shadowModel } from "./model.ts";
import { shadowOptimizer, stateWidth } from "./optimizer.ts";
import { sizeOf } from "./parameters.ts";
import type { Tape } from "./tape.ts";
import { type Trained, trainedOf } from "./trained.ts";

/** What a run will take. Memory in bytes. */
export interface Estimate {
  facts: Facts;
  /** Numbers in the model, branches included. */
  parameters: number;
  /** Of them, those that train. */
  trainable: number;
  /** The most that tensors hold at once: what a run reports as its memory. */
  peak: number;
  /** What that is for. */
  memory: ByKind;
  /** What the run is doing then: "the backward pass", "loading" … */
  doing: string;
  /** What no choice of batches can go below: weights, and the optimizer's state of what trains. */
  least: number;
  /** The copy that a background save holds in host memory, beside everything else. */
  copy: number;
  /** Floating-point operations of training, for each token. */
  flopsPerToken: number;
  tokensPerStep: number;
}

/**
 * How much memory and work a run takes, by walking through it without numbers: each tensor that loading, a step and an
 * evaluation make is written down for as long as it lives. Takes milliseconds; loads nothing.
 *
 * @throws {FtxError} A layer, a module or a block that the settings name is not there.
 */
export function estimate(facts: Facts): Estimate {
  const trained = trainedOf(facts);
  const [first, then] = [load, train].map((walk) => {
    const ledger = new Ledger(ALLOCATORS[facts.device]);
    walk(facts, trained, ledger);
    return ledger;
  });
  const { peak, atPeak } = first.peak > then.peak ? first : then;
  return {
    ...{ facts, peak, memory: atPeak.byKind, doing: atPeak.doing },
    ...sizes(facts, trained),
    flopsPerToken: flopsPerToken(facts, trained),
    tokensPerStep: facts.tokensPerStep,
  };
}

/** The largest batches that begin a step and that find gradients gathered, the optimizer's step, an evaluation. */
function train(facts: Facts, trained: Trained, ledger: Ledger) {
  const { settings, evaluation } = facts;
  const model = shadowModel(facts, trained, ledger);
  const trainable = [...model.parameters.values()].filter((p) => p.wantsGrad);
  const optimizer = shadowOptimizer(model.tape, trainable, { pureBf16: settings.pureBf16, device: facts.device });
  turns(facts, model.tape);
  feed(facts, model.tape);
  const neftune = (settings.neftuneNoiseAlpha ?? 0) > 0;
  const options = { training: true, checkpointing: settings.gradientCheckpointing, neftune };
  if (settings.doTrain) pass(model, facts.train, options);
  if (settings.doTrain && facts.later) {
    optimizer.gather();
    pass(model, facts.later, options);
  }
  optimizer.step();
  if (evaluation) pass(model, evaluation, { training: false });
}

/** The tables of rope, cosines and sines in fp32: src/nn/rope.ts. */
function turns({ config, train, later, evaluation }: Facts, tape: Tape) {
  const longest = Math.max(...[train, later, evaluation].flatMap((load) => load?.lengths ?? []));
  const positions = config.ropeScaling?.type === "dynamic"
    ? Math.max(longest, config.maxPositionEmbeddings)
    : Math.max(longest, 256);
  for (let table = 0; table < 2; table++) tape.tensor(positions * config.headDim / 2, WIDTHS.f32, "temporary");
}

/** The two places where batches arrive in turn, ids, positions, rows and targets as 32 bits: src/train/feed.ts. */
function feed({ train, later }: Facts, tape: Tape) {
  const numbers = Math.max(...[train, later].map((load) => load ? 2 * (tokensOf(load) + load.learned) : 0));
  for (let place = 0; place < 2; place++) tape.tensor(numbers, 4, "temporary");
}

function sizes(facts: Facts, { parameters, whole, branches }: Trained) {
  const { settings: { pureBf16, finetuningType, saveStrategy, saveOnlyModel }, computes } = facts,
    width = WIDTHS[computes];
  const sum = (all: Iterable<number>) => [...all].reduce((total, n) => total + n, 0);
  const shapes = new Map(parameters);
  const inBranches = sum(Array.from(branches, ([path, { rank }]) => rank * sum(shapes.get(`${path}.weight`)!)));
  const inWhole = sum(Array.from(whole, (name) => sizeOf(shapes.get(name)!)));
  const all = sum(parameters.map(([, shape]) => sizeOf(shape)));
  const state = inWhole * stateWidth(width, pureBf16) + inBranches * stateWidth(WIDTHS.f32, pureBf16);
  const saved = inBranches * WIDTHS.f32 + (finetuningType === "lora" ? inWhole : all) * width;
  return {
    parameters: all + inBranches,
    trainable: inWhole + inBranches,
    least: all * width + inBranches * WIDTHS.f32 + state,
    copy: saveStrategy === "no" ? 0 : saved + (saveOnlyModel ? 0 : state),
  };
}
