import { z } from "zod";
import { section, setting, type SettingsOf, stepsBetween } from "../settings/setting.ts";

const flag = z.boolean().default(false);

/** Where a run writes, and what it reports. */
export const runSettings = section("Run", {
  outputDir: setting(z.string().min(1).optional(), "Folder of the run; runs/MODEL-STAGE-METHOD if unset"),
  overwriteOutputDir: setting(flag, "Start again in a folder that already holds a run"),
  resumeFromCheckpoint: setting(
    z.union([z.boolean(), z.string().min(1)]).nullable().default(null),
    "Resume from a checkpoint: true for the newest complete one, or its folder",
    { aliases: ["resume"] },
  ),
  saveStrategy: setting(z.enum(["no", "steps", "epoch"]).default("steps"), "When to save a checkpoint"),
  saveSteps: setting(stepsBetween.default(500), "Steps between checkpoints; below 1, a share of all steps", {
    unit: "optimizer steps",
    only: { saveStrategy: ["steps"] },
  }),
  saveTotalLimit: setting(z.int().min(1).optional(), "Keep only the newest checkpoints; keep all if unset", {
    unit: "checkpoints",
  }),
  saveOnlyModel: setting(
    flag,
    "Leave optimizer and random state out of checkpoints: they are smaller but cannot be resumed",
  ),
  loggingStrategy: setting(z.enum(["no", "steps", "epoch"]).default("steps"), "When to log"),
  loggingSteps: setting(
    stepsBetween.default(10),
    "Steps between lines of trainer_log.jsonl; below 1, a share of all steps",
    { unit: "optimizer steps" },
  ),
  loggingFirstStep: setting(flag, "Log the first step too"),
  reportTo: setting(
    z.array(z.enum(["none", "tensorboard"]))
      .refine((all) => !all.includes("none") || all.length === 1, "none excludes every other; choose one")
      .default(["none"]),
    "Where to log in addition to the run's own files: none or tensorboard",
  ),
  plotLoss: setting(z.boolean().default(true), "Plot the loss as SVG and PNG"),
  runName: setting(z.string().optional(), "Name of the run in reports"),
  quiet: setting(flag, "Print only errors and the result"),
  json: setting(flag, "Print one JSON object per line"),
  ddpTimeout: setting(z.number().min(0).default(1800), "How long processes wait for each other", {
    unit: "seconds",
    note: "one process trains, so there is nothing to wait for",
  }),
});

export type RunSettings = SettingsOf<typeof runSettings>;
