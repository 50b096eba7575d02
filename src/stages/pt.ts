import type { Recipe } from "../recipe/mod.ts";
import { sft } from "./sft.ts";

/**
 * Pre-training, from scratch or continued: plain text, cross-entropy of every token. What differs from sft is how data is
 * encoded (`stage` decides that there): texts end to end, cut into blocks of `cutoff_len`.
 */
export const pt = (recipe: Recipe): Promise<void> => sft(recipe);
