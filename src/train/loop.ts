import { setImmediate } from "node:timers";
import type { Batch } from "../data/mod.ts";
import type { LossScale, Optimizer } from "../optim/mod.ts";
import { type Device, keep, noGrad, scope, stack, type Tensor, zeros } from "../tensor/mod.ts";
import type { Feed } from "./feed.ts";
import type { Objective } from "./objective.ts";
import { randomStates, setRandomStates } from "./random.ts";
import { ALONE, type Ranks } from "./ranks.ts";
import { updateOn } from "./update.ts";

/** What one optimizer step came to, over all ranks. */
export interface Done {
  /** Counted from 1. */
  step: number;
  /** Mean loss over everything that the objective counts. */
  loss: number;
  /** Means by the names of the objective's metrics. */
  metrics: Record<string, number>;
  /** 2-norm of the mean's gradient, before clipping. */
  gradNorm: number;
  learningRate: number;
  tokens: number;
  /** Tokens that the loss learned from. */
  learned: number;
  rows: number;
  /** The loss or the gradient was not finite, so the weights were left alone. */
  skipped: boolean;
  /** Skipped because gradients overflowed in fp16; the next step has a lower loss scale. */
  overflowed: boolean;
}

export interface LoopOptions {
  /**
   * The batches of each step from `start` on; a step's list is never empty. The next step of an `Iterable` is asked for
   * while the device works on the current one; that of an `AsyncIterable`, which may depend on the updated weights, once
   * the current one has been yielded and the caller asks for more.
   */
  steps: Iterable<readonly Batch[]> | AsyncIterable<readonly Batch[]>;
  objective: Objective;
  optimizer: Optimizer;
  /** Longer gradients are scaled to this norm; 0: never. */
  maxGradNorm: number;
  /** The learning rate of step `index`, counted from 0. */
  learningRate: (index: number) => number;
  /** Where the loss is. Default the CPU. */
  device?: Device;
  /** In fp16: what the loss is multiplied by. */
  scale?: LossScale;
  /** Where the objective takes its batches from. It is told of each next batch while the one before it computes. */
  feed?: Feed;
  /** Steps done before. Default 0. */
  start?: number;
  /** The other processes of this run. Default none. */
  ranks?: Ranks;
  /**
   * Asked between the batches of a step with the seconds that the rest of the step will take. If any rank answers true,
   * the step is abandoned and the loop ends as if the step had not begun. Default never.
   */
  giveUp?: (seconds: number) => boolean;
}

/**
 * Makes optimizer steps and yields what each came to. Gradients are those of the summed loss of all batches, divided by
 * all that they count, so the result does not depend on how a step is cut into batches. The loop awaits between batches,
 * which gives signals and background saves their turn. It waits for a GPU once a step.
 */
export async function* train(options: LoopOptions): AsyncGenerator<Done> {
  const { objective, optimizer, maxGradNorm, learningRate, device = "cpu", scale, feed, start = 0 } = options;
  const { ranks = ALONE, giveUp = () => false } = options;
  const names = Object.keys(objective.metrics);
  const totals = keep(zeros([1 + names.length], { dtype: "f64", device })); // the loss and each metric; read once a step
  const steps = stepsAhead(options.steps, (batches) => feed?.ahead(ranks.slice(batches)[0]));
  using update = updateOn(device);
  let step = start;
  try {
    for (let all = await steps.next(); all; all = await steps.next()) {
      const batches = ranks.slice(all);
      const rate = learningRate(step++ - (scale?.lowered ?? 0));
      const counted = batches.map((batch) => countsOf(batch, objective)).reduce(addUp);
      const [count, tokens, learned, rows, ...divisors] = await ranks.sum(counted);
      scope(() => totals.zero_());
      const began = performance.now(), random = batches.length > 1 ? randomStates() : undefined;
      for (const [i, batch] of batches.entries()) {
        scope(() => add(totals, objective, batch, scale && scale.scale / count));
        const left = batches.length - 1 - i;
        if (left) {
          optimizer.gather();
          feed?.ahead(batches[i + 1]);
        }
        await turn();
        if (random && left && await ranks.any(giveUp((performance.now() - began) / 1000 / (i + 1) * left))) {
          optimizer.zeroGrad();
          setRandomStates(random); // the step is made again when the run goes on, with the same dropout
          return;
        }
      }
      await ranks.total(totals);
      const meanwhile = () => steps.prepare();
      const { sums, ...outcome } = update.end({
        ...{ totals, optimizer, count, maxGradNorm, scale, meanwhile },
        learningRate: rate,
      });
      const metrics = names.map((name, i) => [name, sums[i] / divisors[i]] as const).filter((_, i) => divisors[i] > 0);
      yield { step, ...outcome, metrics: Object.fromEntries(metrics), learningRate: rate, tokens, learned, rows };
    }
  } finally {
    totals[Symbol.dispose]();
    await steps.end();
  }
}

/** What a step adds up over its batches and ranks: the objective's count, tokens, learned tokens, rows, metrics' divisors. */
const countsOf = (batch: Batch, { count, metrics }: Objective): number[] => [
  ...[count(batch), batch.ids.length, batch.learned, batch.rows],
  ...Object.values(metrics).map((divisor) => divisor(batch)),
];

const addUp = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x + b[i]);

/**
 * Runs a batch forward and backward, and adds its loss and its sums to the totals on the device. `factor` multiplies the
 * gradients; without it they are those of the summed loss.
 */
function add(totals: Tensor, objective: Objective, batch: Batch, factor?: number) {
  const { loss, sums, finish } = objective.run(batch);
  (factor === undefined ? loss : loss.mul(factor)).backward();
  finish();
  noGrad(() => {
    const all = Object.keys(objective.metrics).map((name) => sums[name]);
    totals.add_(stack([loss, ...all].map((t) => t.detach().to("f64"))));
  });
}

/** Reads the steps one ahead where they are known beforehand. */
function stepsAhead(steps: LoopOptions["steps"], ahead: (batches: readonly Batch[]) => void) {
  if (Symbol.asyncIterator in steps) {
    const source = steps[Symbol.asyncIterator]();
    return {
      next: async () => {
        const { done, value } = await source.next();
        return done ? undefined : value;
      },
      prepare: () => {},
      end: async () => void await source.return?.(),
    };
  }
  const source = steps[Symbol.iterator]();
  let next: IteratorResult<readonly Batch[]> | undefined;
  return {
    next: () => {
      const { done, value } = next ?? source.next();
      next = undefined;
      return Promise.resolve(done ? undefined : value);
    },
    prepare: () => {
      next = source.next();
      if (!next.done) ahead(next.value);
    },
    end: async () => void await source.return?.(),
  };
}

/** Lets the event loop turn once: that is when signals are heard. */
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
