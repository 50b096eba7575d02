// Ways of training: a page each. Adding one is a file, an import and a key here.
import type { Recipe } from "../recipe/mod.ts";
import { pt } from "./pt.ts";
import { sft } from "./sft.ts";

export const STAGES: Readonly<Record<Recipe["stage"], (recipe: Recipe) => Promise<void>>> = { pt, sft };
