import type { z } from "zod";

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
  /** Why nothing has to be done for it. Printed when somebody sets it. */
  note?: string;
}

/**
 * Declares one setting: its type and default in zod, and what people read about it.
 * File key, flag, form field, JSON Schema and TypeScript type all come from this line.
 *
 * @example
 * ```ts
 * const loraRank = setting(z.int().min(1).default(8), "Rank of A and B");
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

/** What `setting()` was told about a schema. */
export function factsOf(schema: z.ZodType): SettingFacts {
  return (schema.meta() ?? { description: "" }) as SettingFacts;
}

/** `loraRank` -> `lora_rank`: how files spell it. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => "_" + letter.toLowerCase());
}

/** `loraRank` -> `lora-rank`: how flags spell it, without the dashes in front. */
export function kebabCase(name: string): string {
  return snakeCase(name).replaceAll("_", "-");
}

/** `lora_rank`, `lora-rank` or `--lora-rank` -> `loraRank`: how TypeScript spells it. */
export function camelCase(name: string): string {
  return name.replace(/^--/, "").replace(/[_-]+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
