import { z } from "zod";
import { section, setting } from "../recipe/setting.ts";

const flag = z.boolean().default(false);

/** Where a run writes, and what it says. */
export const runSettings = section("Run", {
  outputDir: setting(z.string().min(1).optional(), "Folder of the run; runs/MODEL-STAGE-METHOD when left out"),
  overwriteOutputDir: setting(flag, "Start anew in a folder that already has a run"),
  resumeFromCheckpoint: setting(
    z.union([z.boolean(), z.string().min(1)]).nullable().default(null),
    "Go on from a checkpoint: true for the newest whole one, or its folder",
    { aliases: ["resume"] },
  ),
  saveStrategy: setting(z.enum(["no", "steps", "epoch"]).default("steps"), "When to save a checkpoint"),
  saveSteps: setting(z.int().min(1).default(500), "Between two checkpoints", { unit: "optimizer steps" }),
  saveTotalLimit: setting(z.int().min(1).optional(), "Keep only the newest; all when left out", {
    unit: "checkpoints",
  }),
  saveOnlyModel: setting(flag, "Checkpoints without optimizer and random state: smaller, but no resuming"),
  loggingStrategy: setting(z.enum(["no", "steps", "epoch"]).default("steps"), "When to log"),
  loggingSteps: setting(z.int().min(1).default(10), "Between two lines of trainer_log.jsonl", {
    unit: "optimizer steps",
  }),
  loggingFirstStep: setting(flag, "Log the first step too"),
  reportTo: setting(
    z.array(z.enum(["none", "tensorboard"])).default(["none"]),
    "Where to log besides the run's own files: none, tensorboard",
  ),
  plotLoss: setting(z.boolean().default(true), "Draw the loss as SVG and PNG"),
  runName: setting(z.string().optional(), "Name of the run in reports"),
  quiet: setting(flag, "Print nothing but errors and the result"),
  json: setting(flag, "Print one JSON object a line"),
  ddpTimeout: setting(z.number().min(0).default(1800), "How long processes wait for one another", {
    unit: "seconds",
    note: "one process trains, so that none waits for another",
  }),
});
