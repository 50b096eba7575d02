import { snakeCase } from "./spelling.ts";

type Value = string | number | boolean;

/**
 * When a setting acts: each named setting (in camelCase) must have one of the listed values, or none of those in `not`:
 * `{ evalStrategy: ["steps"], stage: { not: ["pt"] } }`.
 */
export type Only = Readonly<Record<string, readonly Value[] | { readonly not: readonly Value[] }>>;

/** The part of `only` that these values do not meet; empty if the setting acts. */
export function unmet(only: Only, values: Readonly<Record<string, unknown>>): Only {
  return Object.fromEntries(Object.entries(only).filter(([name]) => !allows(only, name, values[name])));
}

/** Whether the setting can act while `name` has this value. */
export function allows(only: Only, name: string, value: unknown): boolean {
  const wanted = only[name];
  if (wanted === undefined) return true;
  return "not" in wanted ? !wanted.not.includes(value as Value) : wanted.includes(value as Value);
}

/** `{ doEval: [true], stage: { not: ["pt"] } }` -> `do_eval = true and stage other than pt`. */
export function onlyInWords(only: Only): string {
  return Object.entries(only).map(([name, wanted]) =>
    "not" in wanted
      ? `${snakeCase(name)} other than ${wanted.not.join(" or ")}`
      : `${snakeCase(name)} = ${wanted.join(" or ")}`
  ).join(" and ");
}
