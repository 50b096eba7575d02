import { setImmediate } from "node:timers/promises";
import { setTraining } from "../adapters/mod.ts";
import { batches, type EncodedSet } from "../data/mod.ts";
import type { CausalLm } from "../models/mod.ts";
import { noGrad, scope } from "../tensor/mod.ts";
import type { Judge, Share } from "./objective.ts";

/** What an evaluation came to. */
export interface Evaluated {
  /** Means over the set by the names of the log, without `eval_`. NaN where nothing of the set counts. */
  metrics: Record<string, number>;
  rows: number;
  batches: number;
  seconds: number;
}

/**
 * Evaluates a set in its order, with dropout off; undefined when `stop` said so between two batches.
 *
 * @param judge works out what each batch adds to the means
 */
export async function evaluate(
  model: CausalLm,
  judge: Judge,
  set: EncodedSet,
  { batchSize, stop = () => false }: { batchSize: number; stop?: () => boolean },
): Promise<Evaluated | undefined> {
  const began = performance.now();
  const totals = new Map<string, Share>(judge.metrics.map((name) => [name, { sum: 0, of: 0 }]));
  let count = 0;
  setTraining(model, false);
  try {
    for (const batch of batches(set, { batchSize, shuffle: false })) {
      if (stop()) return undefined;
      count++;
      for (const [name, { sum, of }] of Object.entries(scope(() => noGrad(() => judge.run(batch))))) {
        const total = totals.get(name)!;
        total.sum += sum;
        total.of += of;
      }
      await setImmediate();
    }
  } finally {
    setTraining(model, true);
  }
  const means = Object.fromEntries(Array.from(totals, ([name, { sum, of }]) => [name, sum / of]));
  const derived = Object.entries(judge.derived ?? {}).map(([name, from]) => [name, from(means)] as const);
  return {
    metrics: { ...means, ...Object.fromEntries(derived) },
    rows: set.rows,
    batches: count,
    seconds: (performance.now() - began) / 1000,
  };
}
