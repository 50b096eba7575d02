import { type Entry, show } from "./entry.ts";
import { readFile } from "./file.ts";
import type { Recipe, recipeSchema, Settings } from "./recipe.ts";
import type { Purpose } from "./rules.ts";
import { type Reading, settingNamed, settle } from "./settle.ts";
import type { z } from "zod";

/** Where settings come from. */
export interface Sources {
  /** A YAML or JSON file with settings. */
  file?: string;
  /** Flags, in the order given; they override the file. */
  flags?: readonly Entry[];
  /** What is already known to be wrong, to be told with the rest. */
  problems?: readonly string[];
  /** The stage a command stands for: "sft" for `ftx sft`. */
  stage?: string;
  /** What the recipe is for; "train" when left out. */
  purpose?: Purpose;
}

/**
 * Reads and checks settings. Throws RecipeError that tells every problem, one a line.
 *
 * @example
 * ```ts
 * const { recipe, notes } = await readRecipe({ file: "lora_sft.yaml" });
 * ```
 */
export async function readRecipe(
  { file, flags = [], problems = [], stage, purpose = "train" }: Sources,
): Promise<Reading> {
  const entries = file === undefined ? [] : await readFile(file);
  const all = [...entries, ...flags];
  if (stage === undefined) return settle(all, purpose, problems);
  const contrary = all
    .filter(({ name, value }) => settingNamed(name) === "stage" && value !== stage && value !== null)
    .map(({ value, where }) => `Cannot use ${show("stage", value, where)} with ftx ${stage}: use ftx train instead`);
  return settle([...all, { name: "stage", value: stage, where: `ftx ${stage}` }], purpose, [...problems, ...contrary]);
}

/** Makes a recipe of values in a program. Throws RecipeError as `readRecipe` does. */
export function makeRecipe(values: z.input<typeof recipeSchema>, purpose: Purpose = "chat"): Recipe {
  const entries = Object.entries(values as Partial<Settings>)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value, where: "" }));
  return settle(entries, purpose).recipe;
}
