import type { CausalLm, Vocabulary } from "../models/mod.ts";
import type { ModelSettings } from "../models/settings.ts";
import type { SavedWeights } from "../weights/mod.ts";
import { mergeLora } from "./attach.ts";
import { attach, type Attached, modulesOf } from "./attached.ts";
import { loadAdapter } from "./load.ts";
import { LoraLinear } from "./lora.ts";
import { newAdapter, type NewAdapterSettings } from "./new_adapter.ts";
import { bringsRows, giveRows, giveTrainedRows, withoutRows } from "./new_rows.ts";
import type { LoraConfig } from "./peft/config.ts";
import { loraConfigText } from "./peft/config_text.ts";
import { type AdapterFolder, openAdapter } from "./peft/folder.ts";
import type { MethodSettings } from "./settings.ts";

/** The settings that an adapter is made from. */
export type AdapterSettings =
  & Pick<ModelSettings, "adapterNameOrPath" | "adapterFolder">
  & Pick<MethodSettings, "createNewAdapter">
  & NewAdapterSettings;

/** How an adapter is prepared. */
export interface PrepareOptions {
  /** Modules that a new adapter trains whole, by the ends of their paths. */
  additionalTarget?: readonly string[];
  /** The tokenizer's vocabulary, where the model is to have a row for each token; embedding and head then train whole. */
  vocabulary?: Vocabulary;
  /** Whether that is the vocabulary which an adapter came with, so that it lacks what is added. Default false: the base's. */
  ofAdapter?: boolean;
  note: (sentence: string) => void;
}

/**
 * Attaches the adapter that a run trains: the last of those given, after merging the others, or a new one
 * (`create_new_adapter` merges all that are given). Its branches and whole modules train; all other weights are frozen.
 *
 * @throws {CheckpointError} New tokens need rows that the given adapter does not train.
 * @throws {RecipeError} They need rows that the new adapter would only have branches of.
 */
export async function prepareAdapter(
  model: CausalLm,
  settings: AdapterSettings,
  { additionalTarget = [], vocabulary, ofAdapter = false, note }: PrepareOptions,
): Promise<Attached> {
  const folders = settings.adapterNameOrPath.map((path) => inFolder(path, settings.adapterFolder));
  const last = settings.createNewAdapter ? undefined : folders.pop();
  let brought = false;
  for (const folder of folders) brought = bringsRows(model, await mergeAdapter(model, folder, note)) || brought;
  const given = last && await attachAdapter(model, last, note);
  if (given) brought = bringsRows(model, given) || brought;
  const lacks = vocabulary && brought && !ofAdapter ? withoutRows(model, vocabulary) : vocabulary;
  if (given) {
    if (lacks) giveTrainedRows(model, given, { vocabulary: lacks, note, folder: last });
    return given;
  }
  const grown = lacks ? giveRows(model, settings.loraTarget, { vocabulary: lacks, note }) : [];

  const { config: { tieWordEmbeddings: tied }, blocks } = model;
  const wanted = newAdapter(settings, {
    modules: modulesOf(model),
    blocks: blocks.length,
    additionalTarget: [...new Set([...additionalTarget, ...grown])],
    tied,
  });
  const attached = attach(model, wanted, note);
  for (const layer of attached.layers) {
    if (layer instanceof LoraLinear) layer.initialise(settings.initLoraWeights);
    else layer.initialise();
  }
  return attached;
}

/** Attaches the adapter in a folder and loads its weights, so that it can be used or trained further. */
export const attachAdapter = async (
  model: CausalLm,
  folder: string,
  note: (sentence: string) => void = () => {},
): Promise<Attached> => await loadAdapter(model, await openAdapter(folder), note);

/** Checks an adapter's configuration and the header of its weights without loading them. */
export const checkAdapter = (path: string, below?: string): Promise<AdapterFolder> =>
  openAdapter(inFolder(path, below));

/** Adds the adapter in a folder to the model's weights. */
export async function mergeAdapter(model: CausalLm, folder: string, note?: (sentence: string) => void) {
  const attached = await attachAdapter(model, folder, note);
  mergeLora(model);
  return attached;
}

/** The folder of an adapter below its path: `adapter_folder`. */
export const inFolder = (path: string, below?: string) => below ? `${path}/${below}` : path;

/** An adapter's files, as PEFT saves them. */
export function adapterFiles({ config, places }: { config: LoraConfig; places: Attached["places"] }): SavedWeights {
  return {
    stem: "adapter_model",
    tensors: () => places,
    texts: { "adapter_config.json": loraConfigText(config) },
  };
}
