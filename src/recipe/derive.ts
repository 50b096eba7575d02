import { basename } from "node:path";
import type { Recipe, Settings } from "./recipe.ts";

/** Works out what follows from other settings, so that nobody else has to know these customs. */
export function derive(given: Settings): Recipe {
  const metric = given.metricForBestModel ?? "loss";
  return {
    ...given,
    outputDir: given.outputDir ?? outputDir(given),
    loraAlpha: given.loraAlpha ?? 2 * given.loraRank, // LLaMA-Factory's custom
    packing: given.packing || given.neatPacking || (given.packing === undefined && given.stage === "pt"),
    resizeVocab: given.resizeVocab || given.addTokens.length > 0 || given.addSpecialTokens.length > 0,
    evalSteps: given.evalSteps ?? given.loggingSteps, // HF's custom
    doEval: given.doEval || given.evalStrategy !== "no",
    metricForBestModel: metric,
    greaterIsBetter: given.greaterIsBetter ?? !/(loss|perplexity)$/.test(metric),
    // LLaMA-Factory's examples all say overwrite_output_dir, which its resuming does not mind.
    overwriteOutputDir: given.overwriteOutputDir && !given.resumeFromCheckpoint,
  };
}

function outputDir({ modelNameOrPath, stage, finetuningType }: Settings): string {
  return `runs/${basename(modelNameOrPath ?? "") || "model"}-${stage}-${finetuningType}`;
}
