import type { ModelConfig } from "../models/mod.ts";
import type { ModelSettings } from "../models/settings.ts";
import { type Device, type DType, pickDevice } from "../tensor/mod.ts";
import { checkSizes, dtypeOf, type LoadSettings, openModel, publishedDtype, readModelConfig } from "../weights/mod.ts";
import { checkAdapter } from "./adapter.ts";
import { rowsOf } from "./load.ts";
import type { LoraConfig } from "./peft/config.ts";

type InspectSettings = LoadSettings & Pick<ModelSettings, "adapterNameOrPath" | "adapterFolder">;

/** What is known about a recipe's model before it is loaded. */
export interface Inspected {
  /** The device it will be loaded to. */
  device: Device;
  /** That of the model's folder; the vocabulary is that of the last adapter that brings one. */
  config: ModelConfig;
  /** Number type of the weights in their files; for a model that is drawn anew, the type its config names. */
  stored: DType;
  /** Configurations of the adapters, in the order given. */
  adapters: LoraConfig[];
}

/**
 * Checks all that loading a recipe's model will need without loading it: device, number type, configurations, and the headers
 * of the weights. Takes milliseconds, so a broken model is found before minutes are spent on the data.
 *
 * @throws {FtxError} The error that loading would end with.
 */
export async function inspectModel(
  settings: InspectSettings,
  device: Device = pickDevice(settings.device),
): Promise<Inspected> {
  const folder = settings.modelNameOrPath;
  const { config, stored } = settings.trainFromScratch ? await drawn(folder) : await inspected(folder);
  const adapters: LoraConfig[] = [];
  let rows = config.vocabSize;
  for (const path of settings.adapterNameOrPath) {
    const adapter = await checkAdapter(path, settings.adapterFolder);
    adapters.push(adapter.config);
    rows = rowsOf(adapter.tensors, config.hiddenSize) ?? rows;
  }
  return { device, config: { ...config, vocabSize: rows }, stored, adapters };
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
