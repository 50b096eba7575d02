export type { Entry } from "./entry.ts";
export { didYouMean, nearest } from "./nearest.ts";
export { makeRecipe, readRecipe, type Sources } from "./read.ts";
export { type Recipe, SECTIONS, type SettingName, type Settings } from "./recipe.ts";
export type { Purpose } from "./rules.ts";
export { type Section, section, setting } from "./setting.ts";
export type { Reading } from "./settle.ts";
export { writeRecipe } from "./write.ts";
