import { setImmediate } from "node:timers";
import type { Batch } from "../data/mod.ts";
import type { AdamW, LossScale } from "../optim/mod.ts";
import { type Device, keep, noGrad, scope, stack, type Tensor, zeros } from "../tensor/mod.ts";
import type { Feed } from "./feed.ts";
import type { Objective } from "./objective.ts";
import { randomStates, setRandomStates } from "./random.ts";
import { updateOn } from "./update.ts";

/** One optimizer step, done. */
export interface Done {
  /** Counted from 1. */
  step: number;
  /** Mean loss over everything counted in the step. */
  loss: number;
  /** 2-norm of the mean's gradient, before clipping. */
  gradNorm: number;
  learningRate: number;
  /** Share of counted tokens that were predicted rightly. */
  accuracy: number;
  tokens: number;
  learned: number;
  rows: number;
  /** The loss or the gradient was not finite, so the weights were left alone. */
  skipped: boolean;
  /** Skipped because gradients overflowed in fp16, which the lower loss scale of the next step will mend. */
  overflowed: boolean;
}

export interface LoopOptions {
  /** The batches of each step from `start` on; a step's list is never empty. */
  steps: Iterable<readonly Batch[]>;
  objective: Objective;
  optimizer: AdamW;
  /** Longer gradients are scaled to this norm; 0: never. */
  maxGradNorm: number;
  /** The rate of step `index`, counted from 0. */
  learningRate: (index: number) => number;
  /** Where the loss is. Default the CPU. */
  device?: Device;
  /** In fp16: what the loss is multiplied by. */
  scale?: LossScale;
  /** Where the objective takes its batches from: it is told of each next one while the one before computes. */
  feed?: Feed;
  /** Steps done before. Default 0. */
  start?: number;
  /**
   * Asked between the batches of a step, with the seconds that the rest of it will take: true gives the step up, and the
   * loop ends as if it had never begun. Default never.
   */
  giveUp?: (seconds: number) => boolean;
}

/**
 * Makes one optimizer step after the other and yields what each did. Gradients are those of the summed loss of all
 * batches divided by all they count, so the result does not depend on how a step is cut into batches. Each step awaits, so
 * that signals and background saves get their turn. A GPU is waited for once a step.
 */
export async function* train(options: LoopOptions): AsyncGenerator<Done> {
  const { objective, optimizer, maxGradNorm, learningRate, device = "cpu", scale, feed, start = 0, giveUp } = options;
  const totals = keep(zeros([2], { dtype: "f64", device })); // loss, correct: read once a step
  using update = updateOn(device);
  let step = start;
  try {
    const steps = options.steps[Symbol.iterator]();
    for (let next = steps.next(); !next.done;) {
      const batches = next.value;
      const rate = learningRate(step++ - (scale?.lowered ?? 0)), count = sum(batches, (b) => b.learned);
      scope(() => totals.zero_());
      const began = performance.now(), random = batches.length > 1 ? randomStates() : undefined;
      for (const [i, batch] of batches.entries()) {
        scope(() => add(totals, objective(batch), scale && scale.scale / count));
        const left = batches.length - 1 - i;
        if (left) {
          optimizer.gather();
          feed?.ahead(batches[i + 1]);
        }
        await turn();
        if (random && left && giveUp?.((performance.now() - began) / 1000 / (i + 1) * left)) {
          optimizer.zeroGrad();
          setRandomStates(random); // the step is made again when the run goes on, with the same dropout
          return;
        }
      }
      const meanwhile = () => {
        next = steps.next();
        if (!next.done) feed?.ahead(next.value[0]);
      };
      const outcome = update.end({ totals, optimizer, count, learningRate: rate, maxGradNorm, scale, meanwhile });
      const tokens = sum(batches, (b) => b.ids.length), rows = sum(batches, (b) => b.rows);
      yield { step, ...outcome, learningRate: rate, tokens, learned: count, rows };
    }
  } finally {
    totals[Symbol.dispose]();
  }
}

/**
 * Runs a batch forward and backward, and adds its loss and its hits to the totals, on the device. `factor`: of the gradients,
 * which otherwise are those of the loss itself.
 */
function add(totals: Tensor, { loss, correct, finish }: ReturnType<Objective>, factor?: number) {
  (factor === undefined ? loss : loss.mul(factor)).backward();
  finish();
  const hits = correct ?? zeros([], { device: loss.device });
  noGrad(() => totals.add_(stack([loss.detach().to("f64"), hits.to("f64")])));
}

const sum = <T>(xs: readonly T[], of: (x: T) => number) => xs.reduce((n, x) => n + of(x), 0);

/** Lets the event loop turn once: that is when signals are heard. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
