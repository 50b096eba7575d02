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
