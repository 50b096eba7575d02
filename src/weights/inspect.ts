import type { ModelConfig } from "../models/mod.ts";
import { pickDevice } from "../tensor/mod.ts";
import { checkAdapter } from "./adapter.ts";
import { openModel, readModelConfig } from "./folder.ts";
import { type ModelSettings, wantedDtype } from "./recipe_model.ts";
import { checkSizes } from "./sizes.ts";

type InspectSettings = ModelSettings & { adapterNameOrPath: string[]; adapterFolder?: string };

/**
 * Looks at all that loading a recipe's model will need, and loads nothing: device, number type, configurations, and the
 * headers of the weights. Takes milliseconds, so that a broken model is known before minutes are spent on the data.
 *
 * @throws {FtxError} One sentence, the same that loading would end with.
 */
export async function inspectModel(settings: InspectSettings): Promise<ModelConfig> {
  wantedDtype(settings, pickDevice(settings.device));
  const folder = settings.modelNameOrPath;
  const config = settings.trainFromScratch ? await readModelConfig(folder) : await inspected(folder);
  for (const adapter of settings.adapterNameOrPath) await checkAdapter(adapter, settings.adapterFolder);
  return config;
}

async function inspected(folder: string): Promise<ModelConfig> {
  const { config, tensors } = await openModel(folder);
  checkSizes(folder, config, tensors);
  return config;
}
