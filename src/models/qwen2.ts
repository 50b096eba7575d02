import { llama } from "./llama.ts";
import type { Traits } from "./decoder.ts";

/** Qwen 2 and 2.5 (https://arxiv.org/abs/2412.15115): biases on queries, keys and values, none on the output. */
export const qwen2: Traits = { ...llama, outputBias: () => false };
