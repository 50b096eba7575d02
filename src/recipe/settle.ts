import { isDeepStrictEqual } from "node:util";
import { RecipeError } from "../errors.ts";
import { ambiguity } from "./ambiguous.ts";
import { derive } from "./derive.ts";
import { type Entry, show } from "./entry.ts";
import { nearest } from "./nearest.ts";
import { NEEDLESS } from "./known_keys.ts";
import { KNOWN_KEYS, notYetKey, notYetValue } from "./not_yet.ts";
import { type Recipe, type SettingName, SETTINGS, type Settings } from "./recipe.ts";
import { IDLE, MODEL_RULES, NEEDS, type Purpose, type Rule } from "./rules.ts";
import { camelCase, factsOf, kebabCase, snakeCase } from "./setting.ts";
import { TRAINING_RULES } from "./training_rules.ts";
import { check, defaultOf } from "./value.ts";

/** A checked recipe, and what to tell about settings for which nothing is to be done. */
export interface Reading {
  recipe: Recipe;
  notes: string[];
}

const NAMES = Object.keys(SETTINGS) as SettingName[];
const BY_NAME: ReadonlyMap<string, SettingName> = new Map(
  NAMES.flatMap((name) => [name, ...factsOf(SETTINGS[name]).aliases ?? []].map((known) => [known, name])),
);

/** The setting of a name or alias, however it is spelled; undefined if there is none. */
export function settingNamed(name: string): SettingName | undefined {
  return BY_NAME.get(camelCase(name));
}

/**
 * Makes a recipe of entries; of two for one setting the later holds.
 * Throws RecipeError that tells every problem, one a line: those already `found`, names, values, and combinations.
 */
export function settle(entries: readonly Entry[], purpose: Purpose, found: readonly string[] = []): Reading {
  const problems = [...found];
  const notes: string[] = [];
  const given = new Map<SettingName, Entry>();
  for (const entry of entries) {
    const name = settingNamed(entry.name);
    if (name === undefined) foreign(entry, problems, notes);
    else given.set(name, entry);
  }

  const recipe = {} as Settings;
  const wrong = new Set<SettingName>();
  for (const name of NAMES) {
    const entry = given.get(name);
    const checked = check(SETTINGS[name], entry?.value);
    if (checked.problem !== undefined && entry !== undefined && entry.value !== null) {
      const unable = notYetValue(snakeCase(name), entry.value);
      const why = unable === undefined ? checked.problem : notYet(unable);
      problems.push(`Cannot use ${show(snakeCase(name), entry.value, entry.where)}: ${why}`);
      wrong.add(name);
    }
    Object.assign(recipe, { [name]: checked.problem === undefined ? checked.value : defaultOf(SETTINGS[name]) });
  }

  // A setting with the value it has when left out asks for nothing: it needs no note and contradicts nothing.
  const leftOut = (name: SettingName) => derive({ ...recipe, [name]: defaultOf(SETTINGS[name]) })[name];
  const wasSet = (name: SettingName) => given.has(name) && !isDeepStrictEqual(recipe[name], leftOut(name));
  for (const [name, entry] of given) {
    const { note } = factsOf(SETTINGS[name]);
    if (note !== undefined && wasSet(name)) notes.push(`${snakeCase(name)}: ${note}`);
    const unclear = ambiguity({ ...entry, name: snakeCase(name) }, SETTINGS[name]);
    if (unclear !== undefined) notes.push(unclear);
  }

  for (const group of NEEDS[purpose]) {
    if (!group.some((name) => isThere(recipe[name]) || wrong.has(name))) problems.push(missing(group, purpose));
  }
  const trains = purpose === "train" || purpose === "plan" || purpose === "preview";
  for (const rule of trains ? [...MODEL_RULES, ...TRAINING_RULES] : MODEL_RULES) {
    if (rule.settings.some((name) => wrong.has(name))) continue;
    if (rule.broken(recipe, wasSet)) problems.push(sentence(rule, recipe, given));
  }
  if (problems.length > 0) throw new RecipeError([...new Set(problems)].join("\n"));

  for (const { settings: [name], broken, because } of purpose === "train" || purpose === "plan" ? IDLE : []) {
    if (wasSet(name) && broken(recipe, wasSet)) notes.push(`${snakeCase(name)}: ${because}`);
  }
  return { recipe: derive(recipe), notes: [...new Set(notes)] };
}

function notYet(what: string): string {
  return `ftx knows ${what} but cannot do it yet`;
}

function foreign({ name, value, where }: Entry, problems: string[], notes: string[]) {
  const key = snakeCase(camelCase(name));
  const unable = notYetKey(key, value);
  if (unable !== undefined && unable !== "") {
    problems.push(`Cannot use ${show(key, value, where)}: ${notYet(unable)}`);
  } else if (key in NEEDLESS) {
    notes.push(`${key}: ${NEEDLESS[key]}`);
  } else if (unable === undefined) {
    const isFlag = where.startsWith("--");
    const names = [...[...BY_NAME.keys()].map(snakeCase), ...KNOWN_KEYS];
    const meant = nearest(key, names);
    const asWritten = (word: string) => isFlag ? `--${word.replaceAll("_", "-")}` : word;
    problems.push(
      `Cannot use ${isFlag ? where : where ? `${name} (${where})` : name}: ftx has no such setting` +
        (meant === undefined ? "" : `; did you mean "${asWritten(meant)}"?`),
    );
  }
}

function isThere(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

const WITHOUT: Record<Purpose, string> = {
  train: "train",
  plan: "plan",
  preview: "show data",
  chat: "chat",
  export: "export",
};

function missing(group: readonly SettingName[], purpose: Purpose): string {
  const [first] = group;
  const flag = kebabCase(factsOf(SETTINGS[first]).aliases?.[0] ?? first);
  return `Cannot ${WITHOUT[purpose]} without ${snakeCase(first)}: set it in the file or with --${flag}`;
}

function sentence(rule: Rule, recipe: Settings, given: ReadonlyMap<SettingName, Entry>): string {
  const [first, ...others] = rule.settings.map((name) =>
    show(snakeCase(name), recipe[name], given.get(name)?.where ?? "")
  );
  return `Cannot use ${first}${others.length > 0 ? ` with ${others.join(" and ")}` : ""}: ${rule.because}`;
}
