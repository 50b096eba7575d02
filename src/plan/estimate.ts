import type { DType, Kind, Peak, Tensor } from "../tensor/mod.ts";
import { type Rehearsal, rehearse, type Rehearsed } from "./dry.ts";
import { flopsPerToken } from "./flops.ts";
import { metricsOf } from "../train/mod.ts";
import type { Work } from "./work.ts";

/** A run that is planned. */
export interface Planned extends Rehearsed {
  work: Work;
}

/** What a run will take. Memory in bytes. */
export interface Estimate {
  planned: Planned;
  /** What the model is called in config.json, and how many blocks it has. */
  family: string;
  blocks: number;
  /** The type that it computes in. */
  computes: DType;
  /** Numbers in the model, branches included. */
  parameters: number;
  /** Of them, those that train. */
  trainable: number;
  /** The most that tensors hold at once: what a run reports as its memory. */
  peak: number;
  /** What that is for. */
  memory: Record<Kind, number>;
  /** What the run is doing then: "the backward pass", "loading" … */
  doing: string;
  /** What no choice of batches can go below: weights, and the optimizer's state of what trains. */
  least: number;
  /** The copy that a background save holds in host memory, beside everything else. */
  copy: number;
  /** What an evaluation reports, without `eval_`. */
  metrics: string[];
  /** Floating-point operations of training, for each token. */
  flopsPerToken: number;
}

/**
 * How much memory and work a run takes, by a dry run: the run's own code on tensors without numbers. Reads configurations and
 * the headers of weights; takes a fraction of a second.
 *
 * @throws {FtxError} A layer, a module or a block that the settings name is not there.
 */
export const estimate = (planned: Planned): Promise<Estimate> =>
  rehearse(planned, (parts) => estimateOf(parts, planned));

/** The same with a model and an optimizer that are there. */
export async function estimateOf(
  { training, loading, steps }: Rehearsal,
  planned: Planned,
): Promise<Estimate> {
  const { recipe, work } = planned, { trainee: { model }, named, saved, optimizer } = training;
  const { bytes: peak, byKind: memory, doing } = larger(loading, await steps(work));
  const weights = Array.from(model.parameters(), ([, p]) => p), state = bytesOf(optimizer.state());
  const copied = sum(saved, ({ tensors }) => bytesOf(tensors())) + (recipe.saveOnlyModel ? 0 : state);
  const [load] = work.steps[0] ?? [{ lengths: [], learned: 0 }];
  return {
    planned,
    ...{ family: model.config.modelType, blocks: model.blocks.length, computes: model.placement.dtype },
    parameters: sum(weights, (p) => p.size),
    trainable: sum(named, ([, p]) => p.size),
    ...{ peak, memory, doing: doing === "the forward pass" && memory.logits ? "the loss" : doing },
    least: sum(weights, (p) => p.bytes) + state,
    copy: recipe.saveStrategy === "no" ? 0 : copied,
    metrics: metricsOf(training.judge),
    flopsPerToken: flopsPerToken(model, load, { recomputes: recipe.gradientCheckpointing }),
  };
}

const larger = (a: Peak, b: Peak) => a.bytes > b.bytes ? a : b;
const bytesOf = (tensors: Iterable<[string, Tensor]>) => sum([...tensors], ([, t]) => t.bytes);
const sum = <T>(all: readonly T[], of: (one: T) => number) => all.reduce((total, one) => total + of(one), 0);
