/** Text to token ids and back: a thin layer over Hugging Face's `tokenizers`. */
export { type ModelNames, trainedFolders } from "./trained.ts";
export { type SpecialToken, Tokenizer } from "./tokenizer.ts";
