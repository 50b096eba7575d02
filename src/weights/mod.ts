export { BITS, bytesOf, type SafeDType } from "./dtype.ts";
export { type Header, parseHeader, type TensorEntry } from "./header.ts";
export { readHeader } from "./safetensors.ts";
export { type Sink, type TensorBytes, type TensorSource, writeSafetensors, type Written } from "./write.ts";
export {
  type ModelFolder,
  openModel,
  openWeights,
  readModelConfig,
  type TensorPlace,
  type WeightFiles,
} from "./folder.ts";
export { shards, type Split } from "./shards.ts";
export { decodeUtf8, type Json, JsonNumber, parseJson, plain, readJsonObject } from "./json.ts";
export { type Inspected, inspectModel } from "./inspect.ts";
export { loadModel, type LoadOptions } from "./load.ts";
export { computeIn, modelOf, type ModelSettings, wantedDtype } from "./recipe_model.ts";
export { adapterTensors, attachAdapter, checkAdapter, mergeAdapter, prepareAdapter } from "./adapter.ts";
export { newAdapter, type NewAdapterSettings } from "./new_adapter.ts";
export { adapterFiles, modelFiles, type SavedWeights } from "./files.ts";
export { bytesOfTensor, fill, snapshot } from "./tensors.ts";
export { loadWithAdapters } from "./use.ts";
export { type AdapterFolder, openAdapter } from "./peft.ts";
export { LORA_DEFAULTS, type LoraConfig, loraConfig } from "./peft_config.ts";
export { loraConfigText } from "./peft_config_text.ts";
export { type AdapterPart, branchKey, parseAdapterKey, savedKey } from "./peft_keys.ts";
export { type AdaptedModule, type Branch, linearNames, type Matched, matchTargets } from "./peft_targets.ts";
