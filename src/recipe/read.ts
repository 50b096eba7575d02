import { isDeepStrictEqual } from "node:util";
import { type Entry, show } from "../settings/entry.ts";
import { readFile } from "../settings/file.ts";
import type { Section } from "../settings/setting.ts";
import { snakeCase } from "../settings/spelling.ts";
import { check, defaultOf } from "../settings/value.ts";
import { usedBy } from "./combinations.ts";
import { refuseOtherKinds } from "./file_kinds.ts";
import type { Purpose } from "./purposes.ts";
import { type Given, type Recipe, settingNamed, SETTINGS } from "./recipe.ts";
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
  if (file !== undefined) refuseOtherKinds(file, { entries, flags, purpose });
  const all = [...entries, ...flags];
  const settled = (all: readonly Entry[], found: readonly string[]) => {
    const { recipe, notes } = settle(all, purpose, { found, sections });
    return { recipe, notes: [...notes, ...elsewhere(entries, purpose, sections)] };
  };
  if (stage === undefined) return settled(all, problems);
  const contrary = all
    .filter(({ name, value }) => settingNamed(name) === "stage" && value !== stage && value !== null)
    .map(({ value, where }) => `Cannot use ${show("stage", value, where)} with ftx ${stage}: use ftx train instead`);
  const found = [...problems, ...contrary];
  return settled([...all, { name: "stage", value: stage, where: `ftx ${stage}` }], found);
}

const SHOWN = 6; // names in a note

/** A note about the settings of a file that are for other commands; none where each has the value that it has anyway. */
function elsewhere(entries: readonly Entry[], purpose: Purpose, sections?: readonly Section[]): string[] {
  const used = new Set(usedBy(purpose, sections).flatMap(({ shape }) => Object.keys(shape)));
  const names = entries.flatMap(({ name, value }) => {
    const known = settingNamed(name);
    if (known === undefined || used.has(known)) return [];
    const checked = check(SETTINGS[known], value);
    const isUsual = checked.problem === undefined && isDeepStrictEqual(checked.value, defaultOf(SETTINGS[known]));
    return isUsual ? [] : [snakeCase(known)];
  });
  if (names.length === 0) return [];
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : "";
  return [`the file has settings of other commands: ${names.slice(0, SHOWN).join(", ")}${more}`];
}

/** Makes a recipe from values in a program. Throws RecipeError, as `readRecipe` does. */
export function makeRecipe(values: Given, purpose: Purpose = "chat"): Recipe {
  const entries = Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ name, value, where: "" }));
  return settle(entries, purpose).recipe;
}
