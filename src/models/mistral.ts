import { llama } from "./llama.ts";
import type { Traits } from "./decoder.ts";

/** Mistral (https://arxiv.org/abs/2310.06825): Llama without biases; its config says which layers slide. */
export const mistral: Traits = { ...llama, outputBias: () => false };
