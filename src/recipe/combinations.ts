import { isDeepStrictEqual } from "node:util";
import type { z } from "zod";
import { type Entry, show } from "../settings/entry.ts";
import { type Only, onlyInWords, unmet } from "../settings/only.ts";
import { factsOf, type Section } from "../settings/setting.ts";
import { snakeCase } from "../settings/spelling.ts";
import { defaultOf } from "../settings/value.ts";
import { derive } from "./derive.ts";
import { type Purpose, PURPOSES } from "./purposes.ts";
import { SECTIONS, type SettingName, type Settings } from "./recipe.ts";
import { IDLE, type Rule } from "./rules.ts";

/**
 * The settings that choose what a run trains, and by which rule. A setting that acts `only` with other values of these is
 * refused: it belongs to another run. A setting that acts `only` with other values of any other setting is a detail of
 * something that is off, and gets a note. Conditions on settings that the command does not use are ignored.
 */
export const CHOICES: readonly string[] = ["stage", "finetuningType", "optim"] satisfies SettingName[];

/** Settings whose values are of the right type, before the rules about combinations. */
export class Draft {
  constructor(
    readonly schemas: Readonly<Record<string, z.ZodType>>,
    readonly recipe: Settings,
    readonly given: ReadonlyMap<SettingName, Entry>,
    /** Settings whose values were refused. No rule applies to them. */
    readonly wrong: ReadonlySet<string>,
  ) {}

  /**
   * Whether `name` was set to a value other than the one it has when left out. Setting that value asks for nothing, so it
   * needs no note and contradicts nothing.
   */
  wasSet = (name: SettingName): boolean => {
    if (!this.given.has(name)) return false;
    const leftOut = derive({ ...this.recipe, [name]: defaultOf(this.schemas[name]) })[name];
    const { usual = leftOut } = factsOf(this.schemas[name]);
    return ![leftOut, usual].some((value) => isDeepStrictEqual(this.recipe[name], value));
  };

  /** `lora_rank = 4 (sft.yaml:7)` */
  shown = (name: SettingName): string => show(snakeCase(name), this.recipe[name], this.given.get(name)?.where ?? "");
}

/** The sentences about rules that a draft breaks. */
export function brokenRules({ recipe, wrong, wasSet, shown }: Draft, rules: readonly Rule[]): string[] {
  return rules
    .filter(({ settings, broken }) => !settings.some((name) => wrong.has(name)) && broken(recipe, wasSet))
    .map(({ settings: [first, ...others], because }) => {
      const beside = others.length > 0 ? ` with ${others.map(shown).join(" and ")}` : "";
      return `Cannot use ${shown(first)}${beside}: ${because}`;
    });
}

/** Problems and notes about settings that act `only` with values that other settings do not have. */
export function misplaced(draft: Draft, purpose: Purpose, sections: readonly Section[]) {
  const problems: string[] = [], notes: string[] = [];
  const used = new Set(usedBy(purpose, sections).flatMap(({ shape }) => Object.keys(shape)));
  const values = derive(draft.recipe) as unknown as Readonly<Record<string, unknown>>;
  for (const name of draft.given.keys()) {
    const { only } = factsOf(draft.schemas[name]);
    if (only === undefined || !used.has(name) || draft.wrong.has(name) || !draft.wasSet(name)) continue;
    const broken: Only = Object.fromEntries(
      Object.entries(unmet(only, values)).filter(([one]) => used.has(one) && !draft.wrong.has(one)),
    );
    const choice = CHOICES.find((one) => one in broken);
    if (choice !== undefined) {
      problems.push(
        `Cannot use ${draft.shown(name)} with ${draft.shown(choice as SettingName)}: it acts only with ` +
          `${onlyInWords({ [choice]: broken[choice] })}; leave it out or change ${snakeCase(choice)}`,
      );
    } else if (Object.keys(broken).length > 0) {
      notes.push(`${snakeCase(name)}: acts only with ${onlyInWords(broken)}`);
    }
  }
  return { problems, notes };
}

/** Notes by the IDLE rules. */
export function idle({ recipe, wasSet }: Draft, purpose: Purpose): string[] {
  const used = new Set(PURPOSES[purpose].sections.flatMap(({ shape }) => Object.keys(shape)));
  return IDLE
    .filter(({ settings }) => settings.every((name) => used.has(name)))
    .filter(({ settings: [name], broken }) => wasSet(name) && broken(recipe, wasSet))
    .map(({ settings: [name], because }) => `${snakeCase(name)}: ${because}`);
}

/** The sections that a purpose uses: its own of ftx's, and all that a program added. */
export function usedBy(purpose: Purpose, sections: readonly Section[] = SECTIONS): readonly Section[] {
  return [...PURPOSES[purpose].sections, ...sections.filter((part) => !SECTIONS.includes(part))];
}
