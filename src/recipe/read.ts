import { type Entry, show } from "../settings/entry.ts";
import { readFile } from "../settings/file.ts";
import type { Purpose } from "./purposes.ts";
import { type Given, type Recipe, settingNamed } from "./recipe.ts";
import { type Reading, settle, type SettleOptions } from "./settle.ts";

/** Where settings come from. */
export interface Sources extends Pick<SettleOptions, "sections"> {
  /** A YAML or JSON file with settings. */
  file?: string;
  /** Flags in the order given. They override the file. */
  flags?: readonly Entry[];
  /** Problems found before, to report with the rest. */
  problems?: readonly string[];
  /** The stage a command stands for: "sft" for `ftx sft`. */
  stage?: string;
  /** What the recipe is for. Default "train". */
  purpose?: Purpose;
}

/**
 * Reads and checks settings. Throws RecipeError with every problem, one a line.
 *
 * @example
 * ```ts
 * const { recipe, notes } = await readRecipe({ file: "lora_sft.yaml" });
 * ```
 */
export async function readRecipe(
  { file, flags = [], problems = [], stage, purpose = "train", sections }: Sources,
): Promise<Reading> {
  const entries = file === undefined ? [] : await readFile(file);
  const all = [...entries, ...flags];
  if (stage === undefined) return settle(all, purpose, { found: problems, sections });
  const contrary = all
    .filter(({ name, value }) => settingNamed(name) === "stage" && value !== stage && value !== null)
    .map(({ value, where }) => `Cannot use ${show("stage", value, where)} with ftx ${stage}: use ftx train instead`);
  const found = [...problems, ...contrary];
  return settle([...all, { name: "stage", value: stage, where: `ftx ${stage}` }], purpose, { found, sections });
}

/** Makes a recipe from values in a program. Throws RecipeError, as `readRecipe` does. */
export function makeRecipe(values: Given, purpose: Purpose = "chat"): Recipe {
  const entries = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value, where: "" }));
  return settle(entries, purpose).recipe;
}
