/** Text to token ids and back: a thin layer over Hugging Face's `tokenizers`. */
export { type SpecialToken, Tokenizer } from "./tokenizer.ts";
