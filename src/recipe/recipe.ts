import { z } from "zod";
import { methodSettings } from "../adapters/settings.ts";
import { dataSettings, templateSettings } from "../data/settings.ts";
import { generationSettings } from "../generate/settings.ts";
import { hubSettings } from "../hub/settings.ts";
import { modelSettings } from "../models/settings.ts";
import { optimizerSettings } from "../optim/settings.ts";
import { planSettings } from "../plan/settings.ts";
import { runSettings } from "../run/settings.ts";
import { trainingSettings } from "../stages/settings.ts";
import { exportSettings } from "../export/settings.ts";
import type { Section } from "./setting.ts";

/** Every section, in the order in which `--help` and `run.yaml` show them. */
export const SECTIONS: readonly Section[] = [
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
];

/** One flat namespace: all settings of all sections. */
export const recipeSchema = z.strictObject({
  ...modelSettings.shape,
  ...hubSettings.shape,
  ...templateSettings.shape,
  ...dataSettings.shape,
  ...methodSettings.shape,
  ...trainingSettings.shape,
  ...optimizerSettings.shape,
  ...runSettings.shape,
  ...exportSettings.shape,
  ...generationSettings.shape,
  ...planSettings.shape,
});

/** The schema of each setting, by its name. */
export const SETTINGS: Readonly<Record<string, z.ZodType>> = recipeSchema.shape;

/** The settings as people give them, with defaults filled in. */
export type Settings = z.output<typeof recipeSchema>;

/** The name of a setting in TypeScript: `loraRank`. */
export type SettingName = keyof Settings;

/** All a command needs to know: every setting, checked, with what follows from others worked out by `derive`. */
export interface Recipe extends Settings {
  outputDir: string;
  loraAlpha: number;
  packing: boolean;
  evalSteps: number;
  metricForBestModel: string;
  greaterIsBetter: boolean;
  /** What the model is called where others read it, once its name has become a folder. */
  modelName?: string;
  /** The template that belongs to the model's short name, where neither `template` nor the tokenizer says one. */
  usualTemplate?: string;
}
