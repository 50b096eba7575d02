import { RecipeError } from "../errors.ts";
import { own } from "../outside.ts";
import { ambiguity } from "../settings/ambiguous.ts";
import { type Entry, show } from "../settings/entry.ts";
import { nearest } from "../settings/nearest.ts";
import { factsOf, type Section } from "../settings/setting.ts";
import { kebabCase, keyOf, snakeCase } from "../settings/spelling.ts";
import { check, defaultOf } from "../settings/value.ts";
import { brokenRules, Draft, idle, misplaced } from "./combinations.ts";
import { derive } from "./derive.ts";
import { NEEDLESS } from "./known_values.ts";
import { asksNothing, KNOWN_KEYS, notYet, notYetKey, whyNotValue } from "./not_yet.ts";
import { OTHERWISE, RENAMED } from "./other_names.ts";
import { type Purpose, PURPOSES } from "./purposes.ts";
import { finder, namesOf, type Recipe, schemasOf, SECTIONS, type SettingName, type Settings } from "./recipe.ts";

/** A checked recipe, and a note for each setting that changes nothing. */
export interface Reading {
  recipe: Recipe;
  notes: string[];
}

/** How entries are read. */
export interface SettleOptions {
  /** Problems found before, to report with the rest. */
  found?: readonly string[];
  /** The settings that there are. Default: all of ftx. A program may add sections of its own. */
  sections?: readonly Section[];
}

/**
 * Makes a recipe of entries; if there are several for one setting, the last one counts.
 * Throws RecipeError with every problem, one a line: those already `found`, names, values, and combinations.
 */
export function settle(
  entries: readonly Entry[],
  purpose: Purpose,
  { found = [], sections = SECTIONS }: SettleOptions = {},
): Reading {
  const { verb, needs, rules } = PURPOSES[purpose];
  const schemas = schemasOf(sections), named = finder(schemas) as (name: string) => SettingName | undefined;
  const problems = [...found];
  const notes: string[] = [];
  const given = new Map<SettingName, Entry>();
  const elsewise = new Set<SettingName>(); // settings that a key of another name was meant to give
  for (const entry of entries) {
    const key = keyOf(entry.name), renamed = own(RENAMED, key);
    const name = named(entry.name) ?? renamed;
    if (name === undefined) {
      foreign(entry, schemas, problems, notes);
      own(OTHERWISE, key)?.gives?.forEach((one) => elsewise.add(one));
      continue;
    }
    if (renamed !== undefined) notes.push(`${key}: read as ${snakeCase(name)}`);
    const before = given.get(name);
    if (before !== undefined && isInFile(before) && isInFile(entry)) problems.push(twice(before, entry, name));
    given.set(name, entry);
  }

  const recipe = {} as Settings;
  const wrong = new Set<string>();
  for (const name of Object.keys(schemas) as SettingName[]) {
    const entry = given.get(name);
    const checked = check(schemas[name], entry?.value);
    if (checked.problem !== undefined && entry !== undefined && entry.value !== null) {
      const why = whyNotValue(snakeCase(name), entry.value) ?? checked.problem;
      problems.push(`Cannot use ${show(snakeCase(name), entry.value, entry.where)}: ${why}`);
      wrong.add(name);
    }
    Object.assign(recipe, { [name]: checked.problem === undefined ? checked.value : defaultOf(schemas[name]) });
  }

  const draft = new Draft(schemas, recipe, given, wrong);
  for (const [name, entry] of given) {
    const { note } = factsOf(schemas[name]);
    if (note !== undefined && draft.wasSet(name)) notes.push(`${snakeCase(name)}: ${note}`);
    const unclear = ambiguity({ ...entry, name: snakeCase(name) }, schemas[name]);
    if (unclear !== undefined) notes.push(unclear);
  }
  for (const group of needs) {
    if (!group.some((name) => isThere(recipe[name]) || wrong.has(name) || elsewise.has(name))) {
      problems.push(missing(group, verb, schemas));
    }
  }
  const elsewhere = misplaced(draft, purpose, sections);
  problems.push(...brokenRules(draft, rules), ...elsewhere.problems);
  if (problems.length > 0) throw new RecipeError([...new Set(problems)].join("\n"));
  notes.push(...elsewhere.notes, ...idle(draft, purpose));
  return { recipe: derive(recipe), notes: [...new Set(notes)] };
}

const isInFile = ({ where }: Entry) => /:\d+$/.test(where);

function twice(before: Entry, { name, value, where }: Entry, setting: string): string {
  return `Cannot use ${show(name, value, where)} with ${show(before.name, before.value, before.where)}: both set ` +
    `${snakeCase(setting)}; leave one out`;
}

function foreign(
  { name, value, where }: Entry,
  schemas: ReturnType<typeof schemasOf>,
  problems: string[],
  notes: string[],
) {
  const key = keyOf(name);
  const unable = notYetKey(key, value);
  const needless = own(NEEDLESS, key), otherwise = own(OTHERWISE, key);
  if (unable !== undefined && unable !== "") {
    problems.push(`Cannot use ${show(key, value, where)}: ${notYet(unable)}`);
  } else if (needless !== undefined) {
    if (value !== null) notes.push(`${key}: ${needless}`);
  } else if (otherwise !== undefined) {
    if (asksNothing(value, otherwise.off)) return;
    problems.push(`Cannot use ${show(key, value, where)}: it is ${otherwise.is}; ${otherwise.use(value)}`);
  } else if (unable === undefined) {
    const isFlag = where.startsWith("--");
    const ours = Object.keys(schemas).flatMap((one) => namesOf(one, schemas[one])).map(snakeCase);
    const meant = nearest(key, [...ours, ...KNOWN_KEYS]);
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

function missing(group: readonly SettingName[], verb: string, schemas: ReturnType<typeof schemasOf>): string {
  const [first] = group;
  const flag = kebabCase(factsOf(schemas[first]).aliases?.[0] ?? first);
  return `Cannot ${verb} without ${snakeCase(first)}: set it in the file or with --${flag}`;
}
