import type { Recipe } from "../recipe/mod.ts";
import { finetune } from "./finetune.ts";
import { languageModelling } from "./objective.ts";

/**
 * Supervised fine-tuning: conversations through the model's template, cross-entropy of the answers' tokens. The loss equals
 * HF Trainer's: a step's sum over its supervised tokens, divided by how many they are.
 */
export function sft(recipe: Recipe): Promise<void> {
  return finetune(recipe, (model) =>
    languageModelling(model, {
      labelSmoothing: recipe.labelSmoothingFactor,
      checkpointing: recipe.gradientCheckpointing,
      neftuneAlpha: recipe.neftuneNoiseAlpha,
    }));
}
