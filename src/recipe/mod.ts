export type { Entry } from "../settings/entry.ts";
export { didYouMean, nearest } from "../settings/nearest.ts";
export { makeRecipe, readRecipe, type Sources } from "./read.ts";
export { type Recipe, SECTIONS, type SettingName, type Settings } from "./recipe.ts";
export { type Purpose, PURPOSES } from "./purposes.ts";
export { type Section, section, setting } from "../settings/setting.ts";
export type { Reading } from "./settle.ts";
export { writeRecipe } from "./write.ts";
