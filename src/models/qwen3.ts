import { llama } from "./llama.ts";
import type { Traits } from "./decoder.ts";

/** Qwen 3 (https://arxiv.org/abs/2505.09388): heads of any width, and normalised queries and keys. */
export const qwen3: Traits = { ...llama, qkNorm: true };
