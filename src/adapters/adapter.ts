import { CheckpointError } from "../errors.ts";
import type { CausalLm } from "../models/mod.ts";
import type { ModelSettings } from "../models/settings.ts";
import type { Tensor } from "../tensor/mod.ts";
import { fill, misfits, type SavedWeights } from "../weights/mod.ts";
import { attachLora, loraLayers, mergeLora, projections } from "./attach.ts";
import type { LoraLinear } from "./lora.ts";
import { newAdapter, type NewAdapterSettings } from "./new_adapter.ts";
import type { LoraConfig } from "./peft/config.ts";
import { loraConfigText } from "./peft/config_text.ts";
import { type AdapterFolder, openAdapter } from "./peft/folder.ts";
import { branchKey, savedKey } from "./peft/keys.ts";
import { type AdaptedModule, type Matched, matchTargets } from "./peft/targets.ts";
import { trainModules } from "./select.ts";
import type { MethodSettings } from "./settings.ts";

/** The settings that an adapter is made from. */
export type AdapterSettings =
  & Pick<ModelSettings, "adapterNameOrPath" | "adapterFolder">
  & Pick<MethodSettings, "createNewAdapter">
  & NewAdapterSettings;

/**
 * Attaches the adapter that a run trains: the last of those given, after merging the others, or a new one
 * (`create_new_adapter` merges all that are given). Its branches and whole modules train; all other weights are frozen.
 */
export async function prepareAdapter(
  model: CausalLm,
  settings: AdapterSettings,
  additionalTarget: readonly string[],
  note: (sentence: string) => void,
): Promise<LoraConfig> {
  const folders = settings.adapterNameOrPath.map((path) => inFolder(path, settings.adapterFolder));
  const last = settings.createNewAdapter ? undefined : folders.pop();
  for (const folder of folders) await mergeAdapter(model, folder, note);
  if (last) return await attachAdapter(model, last, note);

  const modules = modulesOf(model);
  const wanted = newAdapter(settings, { modules, blocks: model.blocks.length, additionalTarget });
  const { layers, config } = attach(model, wanted, note);
  for (const layer of layers) layer.initialise(settings.initLoraWeights);
  return config;
}

/** Attaches the adapter in a folder and loads its weights, so that it can be used or trained further. */
export async function attachAdapter(
  model: CausalLm,
  folder: string,
  note: (sentence: string) => void = () => {},
): Promise<LoraConfig> {
  const adapter = await openAdapter(folder);
  adapter.notes.forEach(note);
  const { config } = attach(model, adapter.config, note);
  await loadWeights(model, config, adapter);
  return config;
}

/** Checks an adapter's configuration and the header of its weights without loading them; returns the configuration. */
export async function checkAdapter(path: string, below?: string): Promise<LoraConfig> {
  return (await openAdapter(inFolder(path, below))).config;
}

/** Adds the adapter in a folder to the model's weights. */
export async function mergeAdapter(model: CausalLm, folder: string, note?: (sentence: string) => void) {
  await attachAdapter(model, folder, note);
  mergeLora(model);
}

/** The tensors of a model's adapter with their names in its file. */
export function* adapterTensors(model: CausalLm, config: LoraConfig): Generator<[string, Tensor]> {
  for (const [path, layer] of loraLayers(model)) {
    yield [branchKey(path, "A"), layer.loraA];
    yield [branchKey(path, "B"), layer.loraB];
  }
  for (const [name, p] of model.parameters()) if (isSaved(name, config)) yield [savedKey(name), p];
}

/** The folder of an adapter below its path: `adapter_folder`. */
export const inFolder = (path: string, below?: string) => below ? `${path}/${below}` : path;

const isSaved = (parameter: string, { modulesToSave }: LoraConfig) =>
  !/\.lora_[AB]\./.test(parameter) &&
  modulesToSave.some((name) => `.${parameter.replace(/\.[^.]*$/, "")}`.endsWith(`.${name}`));

/** The model's modules in PEFT's terms. */
function modulesOf(model: CausalLm): AdaptedModule[] {
  const linear = projections(model);
  return Array.from(model.modules(), ({ path, module }) => {
    const place = linear.get(path);
    if (place) {
      return { path, kind: "linear", inFeatures: place.module.inFeatures, outFeatures: place.module.outFeatures };
    }
    return { path, kind: module === model.model.embedTokens ? "embedding" : "other" };
  });
}

function attach(
  model: CausalLm,
  config: LoraConfig,
  note: (sentence: string) => void,
): { layers: LoraLinear[]; config: LoraConfig } {
  const matched: Matched = matchTargets(modulesOf(model), config, { family: model.config.modelType });
  matched.notes.forEach(note);
  for (const [path, { kind }] of matched.branches) {
    if (kind === "linear") continue;
    throw new CheckpointError(
      `Cannot put an adapter on "${path}": ftx does not have LoRA on embeddings yet; train it whole with additional_target`,
    );
  }
  const layers = attachLora(model, matched.branches);
  trainModules(model, config.modulesToSave);
  return { layers, config: { ...config, targetModules: matched.targetModules } };
}

async function loadWeights(model: CausalLm, config: LoraConfig, { folder, tensors }: AdapterFolder) {
  const wanted = [...adapterTensors(model, config)];
  const missing = wanted.filter(([key]) => !tensors.has(key)).map(([key]) => key);
  const known = new Set(wanted.map(([key]) => key));
  const surplus = [...tensors.keys()].filter((key) => !known.has(key));
  if (missing.length || surplus.length) {
    throw new CheckpointError(
      `Cannot load "${folder}": ${misfits(missing, surplus, "not of this model")}; ` +
        "check that the adapter was made for this model",
    );
  }
  await fill(wanted.map(([key, t]) => [key, t, tensors.get(key)!] as const));
}

/** An adapter's files, as PEFT saves them. */
export function adapterFiles(model: CausalLm, config: LoraConfig): SavedWeights {
  return {
    stem: "adapter_model",
    tensors: () => adapterTensors(model, config),
    texts: { "adapter_config.json": loraConfigText(config) },
  };
}
