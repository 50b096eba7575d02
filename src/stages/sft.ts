import type { Recipe } from "../recipe/mod.ts";
import type { Feed } from "../train/feed.ts";
import { finetune } from "../session/finetune.ts";
import type { CausalLm } from "../models/mod.ts";
import { languageModelling, type Objective } from "../train/objective.ts";

/**
 * Supervised fine-tuning: conversations through the model's template, cross-entropy of the answers' tokens. The loss equals
 * HF Trainer's: a step's sum over its supervised tokens, divided by how many they are.
 */
export function sft(recipe: Recipe): Promise<void> {
  return finetune(recipe, (model, feed) => nextToken(model, recipe, feed));
}

/** The objective that the settings of pt and sft describe. `feed`: where its batches come from. */
export const nextToken = (model: CausalLm, recipe: Recipe, feed?: Feed): Objective =>
  languageModelling(model, {
    labelSmoothing: recipe.labelSmoothingFactor,
    checkpointing: recipe.gradientCheckpointing,
    neftuneAlpha: recipe.neftuneNoiseAlpha,
    feed,
  });
