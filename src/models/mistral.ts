import { llama } from "./llama.ts";
import type { Traits } from "./decoder.ts";

/** Mistral (https://arxiv.org/abs/2310.06825): Llama without biases; the sliding window is in its config's layer types. */
export const mistral: Traits = { ...llama, outputBias: () => false };
