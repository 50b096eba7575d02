import type { EncodedSet } from "../data/mod.ts";
import type { CausalLm } from "../models/mod.ts";
import type { Recipe } from "../recipe/mod.ts";
import type { Reporter } from "../report/mod.ts";
import type { RunState } from "./checkpoint.ts";
import { evaluate } from "./evaluate.ts";

/** Evaluates, reports, and keeps track of the best evaluation. */
export class Evaluator {
  #last = -1;

  constructor(
    private readonly recipe: Recipe,
    private readonly sets: Readonly<Record<string, EncodedSet>>,
    private readonly state: RunState,
    private readonly report: Reporter,
  ) {}

  /** True once early stopping has waited as long as it was told to. */
  get exhausted(): boolean {
    const { earlyStoppingSteps: patience } = this.recipe;
    return patience !== undefined && this.state.withoutBest >= patience;
  }

  /** Evaluates every set after a step; true when it was the best so far. `checkpoint` is the folder that will hold these weights. */
  async run(model: CausalLm, step: number, epoch: number, checkpoint: string | false = false): Promise<boolean> {
    this.#last = step;
    const { metricForBestModel, greaterIsBetter } = this.recipe;
    const wanted = metricForBestModel.replace(/^eval_/, "");
    const metrics: Record<string, number> = {};
    for (const [name, set] of Object.entries(this.sets)) {
      const options = { batchSize: this.recipe.perDeviceEvalBatchSize, accuracy: this.recipe.computeAccuracy };
      const done = await evaluate(model, set, options);
      this.report.evaluation({ step, epoch, name: name || undefined, ...done });
      for (const [metric, value] of Object.entries(done.metrics)) metrics[name ? `${name}_${metric}` : metric] = value;
    }
    const value = metrics[wanted] ?? Object.entries(metrics).find(([name]) => name.endsWith(`_${wanted}`))?.[1];
    if (value === undefined) return false;
    this.state.rate.metric?.observe(value);
    const before = this.report.best?.value;
    const better = before === undefined || (greaterIsBetter ? value > before : value < before);
    this.state.withoutBest = better ? 0 : this.state.withoutBest + 1;
    if (better) this.report.best = { step, metric: `eval_${wanted}`, value, checkpoint: checkpoint || undefined };
    return better;
  }

  /** The evaluation at the run's end, where the last step had none or other weights are there now. */
  async finish(model: CausalLm, step: number, epoch: number): Promise<void> {
    if (this.#last === step && !this.recipe.loadBestModelAtEnd) return;
    const best = this.report.best;
    await this.run(model, step, epoch);
    this.report.best = best ?? this.report.best;
  }
}
