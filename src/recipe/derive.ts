import { basename } from "node:path";
import type { Recipe, Settings } from "./recipe.ts";

/** Fills in the values that follow from other settings. No other code needs to know these conventions. */
export function derive(given: Settings): Recipe {
  const metric = given.metricForBestModel ?? "loss";
  return {
    ...given,
    outputDir: given.outputDir ?? outputDir(given),
    loraAlpha: given.loraAlpha ?? 2 * given.loraRank, // as LLaMA-Factory
    packing: given.neatPacking || given.packing, // where neither is set, the task of the stage decides
    resizeVocab: given.resizeVocab || given.addTokens.length > 0 || given.addSpecialTokens.length > 0,
    evalSteps: given.evalSteps ?? given.loggingSteps, // as HF
    doTrain: given.doTrain ?? !(given.doEval && given.dataset.length === 0 && given.tokenizedPath === undefined),
    doEval: given.doEval || given.evalStrategy !== "no",
    metricForBestModel: metric,
    greaterIsBetter: given.greaterIsBetter ?? !/(loss|perplexity)$/.test(metric),
    // LLaMA-Factory's examples all set overwrite_output_dir, and it can still resume.
    overwriteOutputDir: given.overwriteOutputDir && !given.resumeFromCheckpoint,
  };
}

function outputDir({ modelNameOrPath, stage, finetuningType }: Settings): string {
  return `runs/${basename(modelNameOrPath ?? "") || "model"}-${stage}-${finetuningType}`;
}
