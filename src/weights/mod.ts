export { BITS, bytesOf, type SafeDType } from "./dtype.ts";
export { type Header, parseHeader, type TensorEntry } from "./header.ts";
export { readHeader } from "./safetensors.ts";
export { type Sink, type TensorBytes, writeSafetensors, type Written } from "./write.ts";
