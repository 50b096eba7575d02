// What is trained of a model: everything, some blocks, or low-rank branches of its layers.
export { attachLora, freeze, loraLayers, mergeLora, projections, setTraining, withoutAdapters } from "./attach.ts";
export { LoraLinear, type LoraOptions, plainLora } from "./lora.ts";
export { LoraEmbedding } from "./lora_embedding.ts";
export { chosenToTrain, type FreezeSettings, trainAll, trainSome } from "./chosen.ts";
export {
  adapterFiles,
  attachAdapter,
  checkAdapter,
  mergeAdapter,
  prepareAdapter,
  type PrepareOptions,
} from "./adapter.ts";
export { checkAddedTokens } from "./known_tokens.ts";
export { type Inspected, inspectModel } from "./inspect.ts";
export { loadWithAdapters, type UseSettings } from "./load_merged.ts";
export { newAdapter, type NewAdapterSettings } from "./new_adapter.ts";
export type { Attached } from "./attached.ts";
export { type AdapterFolder, openAdapter } from "./peft/folder.ts";
export { LORA_DEFAULTS, type LoraConfig, loraConfig } from "./peft/config.ts";
export { loraConfigText } from "./peft/config_text.ts";
export { type AdapterPart, branchKey, parseAdapterKey, savedKey } from "./peft/keys.ts";
export { type AdaptedModule, type Branch, linearNames, type Matched, matchTargets } from "./peft/targets.ts";
