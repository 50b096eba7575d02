import { z } from "zod";
import type { Only } from "./only.ts";

/** What is known of a setting besides its type and its default. */
export interface SettingFacts {
  /** One or two plain sentences for `--help`, editors and forms. */
  description: string;
  /** What a number counts: "tokens", "GB", "forward passes per optimizer step". */
  unit?: string;
  /** Other names for the same setting, in camelCase: `model` for `modelNameOrPath`. */
  aliases?: string[];
  /** Other spellings of a value: `{ float32: "fp32" }`. */
  synonyms?: Record<string, string>;
  /** Of a setting without a default: the value that it usually has when left out. To set it contradicts nothing. */
  usual?: unknown;
  /** Why ftx does nothing for it. Printed when somebody sets it. */
  note?: string;
  /**
   * The values of other settings without which this one does nothing; absent: it always acts. `settle` refuses or notes
   * it elsewhere, `--help` groups by it.
   */
  only?: Only;
}

/**
 * Declares one setting: its type and default in zod, and what people read about it.
 * File key, flag, form field, JSON Schema and TypeScript type all come from this line.
 *
 * @example
 * ```ts
 * const loraRank = setting(z.int().min(1).default(8), "Rank of A and B", { only: { finetuningType: ["lora"] } });
 * ```
 */
export function setting<S extends z.ZodType>(
  schema: S,
  help: string,
  facts: Omit<SettingFacts, "description"> = {},
): S {
  return schema.meta({ description: help, ...facts }) as S;
}

/** Settings that belong together; `title` heads them in `--help` and in the settings file. */
export interface Section<Shape extends z.ZodRawShape = z.ZodRawShape> {
  readonly title: string;
  readonly shape: Shape;
}

/** Groups settings under a title. Each folder's `settings.ts` exports one or two of these. */
export function section<Shape extends z.ZodRawShape>(title: string, shape: Shape): Section<Shape> {
  return { title, shape };
}

/** The values of a section's settings, with defaults filled in: what the code of its folder takes. */
export type SettingsOf<S extends Section> = S extends Section ? z.output<z.ZodObject<S["shape"]>> : never;

/** What `setting()` was told about a schema. */
export function factsOf(schema: z.ZodType): SettingFacts {
  return (schema.meta() ?? { description: "" }) as SettingFacts;
}

/** How often something is done: a number of optimizer steps, or, below 1, a share of the run's, rounded up, as in HF. */
export const stepsBetween = z.number().positive().refine(
  (steps) => steps < 1 || Number.isInteger(steps),
  "from 1 up it counts steps; use a whole number",
);
