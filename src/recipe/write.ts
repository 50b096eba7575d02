import { stringify } from "yaml";
import { type Recipe, SECTIONS } from "./recipe.ts";
import { snakeCase } from "../settings/spelling.ts";

/** Settings that no file may hold. */
const SECRET = ["hfHubToken"];

/** The recipe as a settings file, `run.yaml`: reading it gives the same recipe, whatever the defaults become; secrets are left out. */
export function writeRecipe(recipe: Recipe): string {
  const values = recipe as unknown as Record<string, unknown>;
  const parts = SECTIONS.map(({ title, shape }) => {
    const set = Object.keys(shape).filter((name) => values[name] !== undefined && !SECRET.includes(name));
    const lines = Object.fromEntries(set.map((name) => [snakeCase(name), values[name]]));
    return `### ${title}\n` + (set.length > 0 ? stringify(lines, { lineWidth: 0, version: "1.1" }) : "");
  });
  return parts.join("\n");
}
