import { RecipeError } from "../errors.ts";
import type { Entry } from "./entry.ts";
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
export async function readRecipe({ file, flags = [], stage, purpose = "train" }: Sources): Promise<Reading> {
  const entries = file === undefined ? [] : await readFile(file);
  if (stage !== undefined) {
    const other = [...entries, ...flags].find((entry) => settingNamed(entry.name) === "stage" && entry.value !== stage);
    if (other !== undefined && other.value !== null) {
      throw new RecipeError(
        `Cannot use stage = "${other.value}" (${other.where}) with ftx ${stage}: use ftx train, which takes the stage as it is`,
      );
    }
    entries.push({ name: "stage", value: stage, where: `ftx ${stage}` });
  }
  return settle([...entries, ...flags], purpose);
}

/** Makes a recipe of values in a program. Throws RecipeError as `readRecipe` does. */
export function makeRecipe(values: z.input<typeof recipeSchema>, purpose: Purpose = "chat"): Recipe {
  const entries = Object.entries(values as Partial<Settings>)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value, where: "" }));
  return settle(entries, purpose).recipe;
}
