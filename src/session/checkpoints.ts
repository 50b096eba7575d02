import config from "../../deno.json" with { type: "json" };
import type { Recipe } from "../recipe/mod.ts";
import type { Plan, Reporter } from "../report/mod.ts";
import { type Run, Saver, verify } from "../run/mod.ts";
import { shimVersion } from "../tensor/mod.ts";
import { checkpointFiles, restoreWeights, type RunState } from "./run_state.ts";

/** The checkpoints of a run: written in the background, found again at its end. */
export class Checkpoints {
  readonly #saver: Saver;

  constructor(
    private readonly recipe: Recipe,
    private readonly run: Run,
    private readonly state: RunState,
    private readonly plan: Plan,
    private readonly report: Reporter,
  ) {
    this.#saver = new Saver(run.folder, {
      facts: { ftx: config.version, libtorch: shimVersion(), run: run.id },
      limit: recipe.saveTotalLimit,
      warn: (sentence) => report.warn(sentence),
      resumed: run.resume?.step,
    });
  }

  /** Step of the newest intact one. */
  get newest(): number | undefined {
    return this.#saver.newest;
  }

  /** Where the checkpoint of a step is or will be. */
  folderOf(step: number): string {
    return `${this.run.folder}/checkpoint-${step}`;
  }

  /** Copies the run as it is now and starts writing the copy. Throws once the disk has failed too often. */
  async save(step: number): Promise<void> {
    await this.#saver.settle(); // first: two copies at once would need twice the memory
    this.#saver.best = this.report.best?.step;
    const report = { state: this.report.state, plan: this.plan, settings: this.recipe };
    const { files, bytes } = checkpointFiles(this.state, report, this.recipe.saveOnlyModel);
    await this.#saver.save(step, files, bytes);
  }

  /** Throws the error that must end the run, if there is one, without waiting for the next save. */
  check(): void {
    if (this.#saver.fatal) throw this.#saver.fatal;
  }

  /** Waits for the save in flight. */
  settle(): Promise<void> {
    return this.#saver.settle();
  }

  /** Loads the weights of the best evaluation into the model; if that fails, warns and keeps the last ones. */
  async loadBest(): Promise<void> {
    const { best } = this.report;
    const reasons: string[] = [];
    // The folder may have moved since; a run that was resumed into another folder has its best in the old one.
    for (const folder of best ? new Set([this.folderOf(best.step), best.checkpoint]) : []) {
      try {
        if (folder === undefined) continue;
        await verify(folder, best!.step);
        return await restoreWeights(this.state.training, folder);
      } catch (error) {
        reasons.push(`"${folder}": ${(error as Error).message}`);
      }
    }
    const why = best ? `the best evaluation was at step ${best.step} (${reasons[0]})` : "no evaluation gave a number";
    this.report.warn(`Cannot end with the best weights: ${why}; the last ones are kept`);
  }
}
