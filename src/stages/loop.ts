import { setImmediate } from "node:timers";
import type { Batch } from "../data/mod.ts";
import type { AdamW } from "../optim/mod.ts";
import { type Device, keep, noGrad, scope, stack, type Tensor, zeros } from "../tensor/mod.ts";
import type { Objective } from "./objective.ts";
import { randomStates, setRandomStates } from "./random.ts";

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
 * that signals and background saves get their turn.
 */
export async function* train(options: LoopOptions): AsyncGenerator<Done> {
  const { steps, objective, optimizer, maxGradNorm, learningRate, device = "cpu", start = 0, giveUp } = options;
  const totals = keep(zeros([2], { dtype: "f64", device })); // loss, correct: read once a step
  let step = start;
  try {
    for (const batches of steps) {
      const rate = learningRate(step++);
      scope(() => totals.zero_());
      const began = performance.now(), random = batches.length > 1 ? randomStates() : undefined;
      for (const [i, batch] of batches.entries()) {
        scope(() => add(totals, objective(batch)));
        const left = batches.length - 1 - i;
        if (left) optimizer.gather();
        await turn();
        if (random && left && giveUp?.((performance.now() - began) / 1000 / (i + 1) * left)) {
          optimizer.zeroGrad();
          setRandomStates(random); // the step is made again when the run goes on, with the same dropout
          return;
        }
      }
      const count = sum(batches, (b) => b.learned);
      const [loss, accuracy] = totals.toNumbers().map((t) => t / count);
      const gradNorm = optimizer.norm() / count;
      const skipped = !Number.isFinite(loss) || !Number.isFinite(gradNorm);
      if (skipped) optimizer.zeroGrad();
      else optimizer.step(rate, clip(gradNorm, maxGradNorm) / count);
      const tokens = sum(batches, (b) => b.ids.length), rows = sum(batches, (b) => b.rows);
      yield { step, loss, gradNorm, learningRate: rate, accuracy, tokens, learned: count, rows, skipped };
    }
  } finally {
    totals[Symbol.dispose]();
  }
}

/** Runs a batch forward and backward, and adds its loss and its hits to the totals, on the device. */
function add(totals: Tensor, { loss, correct, finish }: ReturnType<Objective>) {
  loss.backward();
  finish();
  const hits = correct ?? zeros([], { device: loss.device });
  noGrad(() => totals.add_(stack([loss.detach().to("f64"), hits.to("f64")])));
}

/** What a gradient of this norm is multiplied by, as torch's `clip_grad_norm_`. */
const clip = (norm: number, most: number) => most > 0 ? Math.min(1, most / (norm + 1e-6)) : 1;

const sum = <T>(xs: readonly T[], of: (x: T) => number) => xs.reduce((n, x) => n + of(x), 0);

/** Lets the event loop turn once: that is when signals are heard. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
