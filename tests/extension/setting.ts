// Settings in one file: one of the stage's own, and the names of the stage and the optimizer among the values there are.
import { z } from "zod";
import { optimizerSettings } from "../../src/optim/settings.ts";
import { section, setting, type SettingsOf } from "../../src/settings/setting.ts";
import { STAGE_NAMES } from "../../src/train/stage_names.ts";

export const contrastSettings = section("Contrast", {
  contrastGap: setting(z.number().positive().default(5), "How much likelier a better answer should become", {
    only: { stage: ["contrast"] },
  }),
  stage: setting(z.enum([...STAGE_NAMES, "contrast"]).default("sft"), "Kind of training"),
  optim: setting(
    z.enum([...optimizerSettings.shape.optim.unwrap().options, "twice"]).default("adamw_torch"),
    "Optimizer",
  ),
});

export type ContrastSettings = SettingsOf<typeof contrastSettings>;
