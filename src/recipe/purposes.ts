import { templateSettings } from "../data/settings.ts";
import { exportSettings } from "../export/settings.ts";
import { generationSettings } from "../generate/settings.ts";
import { hubSettings } from "../hub/settings.ts";
import { modelSettings } from "../models/settings.ts";
import { runSettings } from "../run/settings.ts";
import { type Section, section } from "../settings/setting.ts";
import { planSettings, trainingSettings } from "../train/settings.ts";
import { SECTIONS, type SettingName } from "./recipe.ts";
import { MODEL_RULES, type Rule } from "./rules.ts";
import { TRAINING_RULES } from "./training_rules.ts";

/** What a recipe is for. */
export type Purpose = "train" | "plan" | "preview" | "chat" | "export";

/** What a purpose takes from a recipe. */
export interface PurposeFacts {
  /** "Cannot … without model_name_or_path". */
  readonly verb: string;
  /** What it needs: of each group, at least one setting. */
  readonly needs: readonly (readonly SettingName[])[];
  /** The settings that it uses; a file may hold the others too. */
  readonly sections: readonly Section[];
  readonly rules: readonly Rule[];
  /** Whether it is about a training run, so that `stage` and `finetuning_type` decide which settings act. */
  readonly trains: boolean;
}

const OTHERS: readonly Section[] = [exportSettings, generationSettings, planSettings];
const training = {
  sections: SECTIONS.filter((part) => !OTHERS.includes(part)),
  rules: [...MODEL_RULES, ...TRAINING_RULES],
  trains: true,
};

/** A section without some of its settings. */
const without = ({ title, shape }: Section, ...names: SettingName[]): Section =>
  section(title, Object.fromEntries(Object.entries(shape).filter(([name]) => !names.includes(name as SettingName))));

const { seed } = trainingSettings.shape, { quiet } = runSettings.shape;
const using = { rules: MODEL_RULES, trains: false };
/** What is used is not trained anew. */
const model = without(modelSettings, "trainFromScratch");

/** Every purpose. The commands of the command line read their settings for one of them each. */
export const PURPOSES: Readonly<Record<Purpose, PurposeFacts>> = {
  train: { verb: "train", needs: [["modelNameOrPath"], ["dataset", "tokenizedPath", "evalDataset"]], ...training },
  plan: {
    verb: "plan",
    needs: [["modelNameOrPath"]], // without data, the plan assumes rows of cutoff_len
    ...training,
    sections: [planSettings, ...training.sections],
  },
  preview: {
    verb: "show data",
    needs: [["modelNameOrPath"], ["dataset", "tokenizedPath"]],
    ...training,
    sections: training.sections.map((part) => part === runSettings ? without(part, "json") : part),
  },
  chat: {
    verb: "chat",
    needs: [["modelNameOrPath"]],
    ...using,
    sections: [
      generationSettings,
      model,
      hubSettings,
      without(templateSettings, "toolFormat"),
      section("More", { seed, quiet }),
    ],
  },
  export: {
    verb: "export",
    needs: [["modelNameOrPath"], ["exportDir"]],
    ...using,
    sections: [
      exportSettings,
      without(model, "ropeScaling"),
      hubSettings,
      templateSettings,
      section("More", { quiet }),
    ],
  },
};
