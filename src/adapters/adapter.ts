import { CheckpointError, RecipeError } from "../errors.ts";
import { type CausalLm, hasNewRows, modulesWithRows, resizeVocab, type Vocabulary } from "../models/mod.ts";
import type { ModelSettings } from "../models/settings.ts";
import type { SavedWeights } from "../weights/mod.ts";
import { mergeLora } from "./attach.ts";
import { attach, type Attached, EMBEDDING, HEAD, modulesOf } from "./attached.ts";
import { loadAdapter } from "./load.ts";
import { LoraLinear } from "./lora.ts";
import { newAdapter, type NewAdapterSettings } from "./new_adapter.ts";
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
  { additionalTarget = [], vocabulary, note }: PrepareOptions,
): Promise<Attached> {
  const folders = settings.adapterNameOrPath.map((path) => inFolder(path, settings.adapterFolder));
  const last = settings.createNewAdapter ? undefined : folders.pop();
  for (const folder of folders) await mergeAdapter(model, folder, note);
  if (last) {
    const attached = await attachAdapter(model, last, note);
    if (vocabulary) growTrained(model, attached, vocabulary, last, note);
    return attached;
  }
  const grown = vocabulary && hasNewRows(model.config.vocabSize, vocabulary)
    ? grow(model, settings, vocabulary, note)
    : [];

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

/** Gives the model of a new adapter its new rows; returns the modules that the adapter then trains whole. */
function grow(
  model: CausalLm,
  { loraTarget }: AdapterSettings,
  vocabulary: Vocabulary,
  note: (sentence: string) => void,
): string[] {
  const target = loraTarget.find((name) =>
    [EMBEDDING, HEAD].some((path) => path === name || path.endsWith(`.${name}`))
  );
  if (target !== undefined) {
    throw new RecipeError(
      `Cannot use lora_target = "${target}" where the vocabulary has new rows: a branch does not hold them, so embedding and ` +
        `head are trained whole; leave "${target}" out`,
    );
  }
  resizeVocab(model, vocabulary, note);
  return modulesWithRows(model.config);
}

/** Gives the model of an adapter that is trained further its new rows, which the adapter must hold. */
function growTrained(
  model: CausalLm,
  { whole }: Attached,
  vocabulary: Vocabulary,
  folder: string,
  note: (sentence: string) => void,
) {
  const { config } = model;
  if (!hasNewRows(config.vocabSize, vocabulary)) return;
  const holds = whole.has(`${EMBEDDING}.weight`) && (config.tieWordEmbeddings || whole.has(`${HEAD}.weight`));
  if (!holds) {
    throw new CheckpointError(
      `Cannot add tokens to the adapter "${folder}": it does not train ${modulesWithRows(config).join(" and ")}, ` +
        "so it cannot hold their rows; set create_new_adapter = true, which merges it and trains a new one",
    );
  }
  resizeVocab(model, vocabulary, note);
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
  await attachAdapter(model, folder, note);
  mergeLora(model);
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
