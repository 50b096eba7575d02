import type { z } from "zod";
import { methodSettings } from "../adapters/settings.ts";
import { dataSettings, templateSettings } from "../data/settings.ts";
import { exportSettings } from "../export/settings.ts";
import { generationSettings } from "../generate/settings.ts";
import { hubSettings } from "../hub/settings.ts";
import { modelSettings } from "../models/settings.ts";
import { optimizerSettings } from "../optim/settings.ts";
import { runSettings } from "../run/settings.ts";
import { factsOf, type Section, type SettingsOf } from "../settings/setting.ts";
import { camelCase } from "../settings/spelling.ts";
import { planSettings, trainingSettings } from "../train/settings.ts";

const ALL = [
  modelSettings,
  hubSettings,
  templateSettings,
  dataSettings,
  methodSettings,
  trainingSettings,
  optimizerSettings,
  runSettings,
  exportSettings,
  generationSettings,
  planSettings,
] as const;

/** Every section, in the order in which `--help` and `run.yaml` show them. */
export const SECTIONS: readonly Section[] = ALL;

/** `A | B` -> `A & B`. */
type Together<U> = (U extends unknown ? (one: U) => void : never) extends (all: infer All) => void ? All : never;
type InputOf<S> = S extends Section ? z.input<z.ZodObject<S["shape"]>> : never;

/** The settings as people give them: one flat namespace of all sections. */
export type Given = Together<InputOf<(typeof ALL)[number]>>;

/** The same with defaults filled in. */
export type Settings = Together<SettingsOf<(typeof ALL)[number]>>;

/** The name of a setting in TypeScript: `loraRank`. */
export type SettingName = keyof Settings;

/** Everything that a command needs to know: every setting, checked, and the values that `derive` fills in. */
export interface Recipe extends Settings {
  outputDir: string;
  loraAlpha: number;
  evalSteps: number;
  doTrain: boolean;
  metricForBestModel: string;
  greaterIsBetter: boolean;
  /** The model's name for others to read, once the name given has become a folder. */
  modelName?: string;
  /** The template that belongs to the model's short name, used if neither `template` nor the tokenizer names one. */
  usualTemplate?: string;
}

/** The schema of each setting of these sections, by its name. */
export function schemasOf(sections: readonly Section[]): Readonly<Record<string, z.ZodType>> {
  return Object.assign({}, ...sections.map(({ shape }) => shape));
}

/** The schema of each setting, by its name. */
export const SETTINGS = schemasOf(SECTIONS);

/** Finds the setting of a name or alias, in whatever spelling; undefined if there is none. */
export function finder(schemas: Readonly<Record<string, z.ZodType>>): (name: string) => string | undefined {
  const names = Object.keys(schemas).flatMap((name) => namesOf(name, schemas[name]).map((known) => [known, name]));
  const byName = new Map(names as [string, string][]);
  return (name) => byName.get(camelCase(name));
}

/** A setting's name and its aliases. */
export function namesOf(name: string, schema: z.ZodType): string[] {
  return [name, ...factsOf(schema).aliases ?? []];
}

/** The setting of a name or alias, in whatever spelling; undefined if ftx has none. */
export const settingNamed = finder(SETTINGS) as (name: string) => SettingName | undefined;
