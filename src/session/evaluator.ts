import type { EncodedSet } from "../data/mod.ts";
import { judgedBy, metricName } from "../prepare/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import type { Reporter } from "../report/mod.ts";
import type { RunState } from "./run_state.ts";
import { evaluate, type Evaluated, metricsOf } from "../train/mod.ts";

/** The outcome of an evaluation; abandoned if the run had to stop before it was done. */
export type Verdict = "best" | "no better" | "abandoned";

/** Evaluates, reports, and keeps track of the best evaluation. */
export class Evaluator {
  readonly #judged?: string; // name of the metric that decides, without eval_

  /** @param stop called between batches; true abandons the evaluation, because the run has to stop */
  constructor(
    private readonly recipe: Recipe,
    private readonly sets: Readonly<Record<string, EncodedSet>>,
    private readonly state: RunState,
    private readonly report: Reporter,
    private readonly stop: () => boolean,
  ) {
    if (Object.keys(sets).length) this.#judged = judgedBy(recipe, Object.keys(sets), metricsOf(state.training.judge));
  }

  /** True once `early_stopping_steps` evaluations in a row brought no new best. */
  get exhausted(): boolean {
    const { earlyStoppingSteps: patience } = this.recipe;
    return patience !== undefined && this.state.withoutBest >= patience;
  }

  /** Evaluates every set after a step. `folder`: where these weights will be saved if they are the best, if at all. */
  async run(step: number, epoch: number, folder?: string): Promise<Verdict> {
    const done = await this.#evaluate();
    this.state.owesEvaluation = done === undefined;
    if (!done) return "abandoned";
    const value = this.#tell(done, step, epoch);
    this.state.rate.metric?.observe(value);
    const before = this.report.best?.value;
    const better = before === undefined || (this.recipe.greaterIsBetter ? value > before : value < before);
    const best = better && !Number.isNaN(value); // NaN as the best would never be beaten
    this.state.withoutBest = best ? 0 : this.state.withoutBest + 1;
    if (best) this.report.best = { step, metric: `eval_${this.#judged}`, value, checkpoint: folder };
    return best ? "best" : "no better";
  }

  /** The evaluation at the run's end, if the last step had none or the best weights were loaded since. */
  async finish(step: number, epoch: number): Promise<void> {
    if (this.report.evaluatedAt === step && !this.recipe.loadBestModelAtEnd) return;
    const done = await this.#evaluate();
    if (done) this.#tell(done, step, epoch);
  }

  /** Evaluates each set; undefined if the run has to stop. */
  async #evaluate(): Promise<[string, Evaluated][] | undefined> {
    const all: [string, Evaluated][] = [];
    const { trainee: { model }, judge } = this.state.training, { perDeviceEvalBatchSize: batchSize } = this.recipe;
    for (const [name, set] of Object.entries(this.sets)) {
      const done = await evaluate(model, judge, set, { batchSize, stop: this.stop });
      if (!done) return undefined;
      all.push([name, done]);
    }
    return all;
  }

  /** Reports evaluations; returns the value that decides. */
  #tell(all: [string, Evaluated][], step: number, epoch: number): number {
    let value = NaN;
    for (const [name, done] of all) {
      this.report.evaluation({ step, epoch, name: name || undefined, ...done });
      for (const [metric, number] of Object.entries(done.metrics)) {
        if (metricName(name, metric) === this.#judged) value = number;
      }
    }
    return value;
  }
}
