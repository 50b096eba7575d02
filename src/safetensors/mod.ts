// Safetensors files as bytes: their format, and how to read and write them. Independent of libtorch.
export { BITS, bytesOf, type SafeDType } from "./dtype.ts";
export { type Header, parseHeader, type TensorEntry } from "./header.ts";
export { readHeader } from "./read.ts";
export { exists, openWeights, type TensorPlace, type WeightFiles } from "./folder.ts";
export { checkFolder, refuseOtherFormats } from "./formats.ts";
export { shards, type Split } from "./shards.ts";
export { type Sink, type TensorBytes, type TensorSource, writeSafetensors, type Written } from "./write.ts";
export { decodeUtf8, type Json, JsonNumber, parseJson, plain, readJsonObject, whyNotJson } from "./json.ts";
