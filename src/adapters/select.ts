import type { CausalLm } from "../models/mod.ts";
import { freeze } from "./attach.ts";
import { chosenToTrain, type FreezeSettings } from "./chosen.ts";

/** Makes every parameter train. */
export function trainAll(model: CausalLm) {
  for (const [, p] of model.parameters()) p.requiresGrad();
}

/** Makes only the chosen modules of the chosen blocks train, like LLaMA-Factory's freeze. */
export function trainSome(model: CausalLm, settings: FreezeSettings) {
  const parameters = new Map(model.parameters());
  const chosen = chosenToTrain(parameters.keys(), model.blocks.length, settings);
  freeze(model);
  for (const path of chosen) parameters.get(path)!.requiresGrad();
}
