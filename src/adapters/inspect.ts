import type { ModelConfig } from "../models/mod.ts";
import { type Device, type DType, pickDevice } from "../tensor/mod.ts";
import { checkAdapter } from "./adapter.ts";
import { checkSizes, dtypeOf, type ModelSettings, openModel, publishedDtype, readModelConfig } from "../weights/mod.ts";
import type { LoraConfig } from "./peft/config.ts";

type InspectSettings = ModelSettings & { adapterNameOrPath: string[]; adapterFolder?: string };

/** What is known of a recipe's model before it is loaded. */
export interface Inspected {
  /** Where it will be loaded. */
  device: Device;
  config: ModelConfig;
  /** Type of the weights in their files, or that fresh ones are drawn in unless another is wanted. */
  stored: DType;
  /** Configurations of the adapters, in the order given. */
  adapters: LoraConfig[];
}

/**
 * Looks at all that loading a recipe's model will need, and loads nothing: device, number type, configurations, and the
 * headers of the weights. Takes milliseconds, so that a broken model is known before minutes are spent on the data.
 *
 * @throws {FtxError} One sentence, the same that loading would end with.
 */
export async function inspectModel(
  settings: InspectSettings,
  device: Device = pickDevice(settings.device),
): Promise<Inspected> {
  const folder = settings.modelNameOrPath;
  const { config, stored } = settings.trainFromScratch ? await drawn(folder) : await inspected(folder);
  const adapters: LoraConfig[] = [];
  for (const adapter of settings.adapterNameOrPath) adapters.push(await checkAdapter(adapter, settings.adapterFolder));
  return { device, config, stored, adapters };
}

async function drawn(folder: string) {
  const config = await readModelConfig(folder);
  return { config, stored: publishedDtype(config) };
}

async function inspected(folder: string) {
  const { config, tensors } = await openModel(folder);
  checkSizes(folder, config, tensors);
  const [first] = tensors;
  return { config, stored: first ? dtypeOf(...first) : "f32" as const };
}
