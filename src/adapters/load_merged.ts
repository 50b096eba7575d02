import type { CausalLm } from "../models/mod.ts";
import type { ModelSettings } from "../models/settings.ts";
import { type LoadSettings, modelOf } from "../weights/mod.ts";
import { inFolder, mergeAdapter } from "./adapter.ts";
import { freeze } from "./attach.ts";

/** The settings that decide which model is used, and with which adapters. */
export type UseSettings = LoadSettings & Pick<ModelSettings, "adapterNameOrPath" | "adapterFolder">;

/** Loads a recipe's model for use, not for training: all adapters are merged and every parameter is frozen. */
export async function loadWithAdapters(
  recipe: UseSettings,
  { onNote = () => {}, onProgress }: {
    onNote?: (sentence: string) => void;
    onProgress?: (share: number) => void;
  } = {},
): Promise<CausalLm> {
  const { model } = await modelOf({ ...recipe, trainFromScratch: false }, { purpose: "use", onNote, onProgress });
  try {
    for (const path of recipe.adapterNameOrPath) {
      await mergeAdapter(model, inFolder(path, recipe.adapterFolder), onNote);
    }
    freeze(model);
    return model;
  } catch (error) {
    model[Symbol.dispose]();
    throw error;
  }
}
