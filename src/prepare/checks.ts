import { checkDatasets } from "../data/mod.ts";
import { RecipeError } from "../errors.ts";
import type { Recipe } from "../recipe/mod.ts";
import { STAGES } from "../stages/mod.ts";
import { Rate } from "../train/mod.ts";

/**
 * Checks of a recipe what needs no model and no hub: the names of data sets with their files here, and the options of the
 * schedule. Called before anything is downloaded or read.
 *
 * @throws {FtxError} What the run would end with later.
 */
export function checkFirst(recipe: Recipe): void {
  const { task } = STAGES[recipe.stage];
  if (recipe.groupByLength && recipe.packing === undefined && task.packing === "blocks") {
    throw new RecipeError(
      `Cannot use group_by_length = true with stage = "${recipe.stage}": it packs, and packed rows all have the same ` +
        "length; leave it out, or set packing = false",
    );
  }
  checkDatasets(recipe);
  new Rate(recipe, 1);
}

/** How a metric of an evaluation set is called, without `eval_`. */
export const metricName = (set: string, metric: string) => set ? `${set}_${metric}` : metric;

/**
 * The metric that `metric_for_best_model` names, with or without `eval_` and, of several sets, of the first.
 *
 * @param sets names of the evaluation sets
 * @param metrics what the stage's evaluation reports
 */
export function judgedBy({ metricForBestModel: name }: Recipe, sets: string[], metrics: string[]): string {
  const wanted = name.replace(/^eval_/, "");
  const names = sets.flatMap((set) => metrics.map((metric) => metricName(set, metric)));
  const found = names.find((known) => known === wanted) ?? names.find((known) => known.endsWith(`_${wanted}`));
  if (found) return found;
  throw new RecipeError(
    `Cannot use metric_for_best_model = "${name}": no evaluation has it; choose one of ${names.join(", ")}`,
  );
}
