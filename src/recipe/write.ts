import { stringify } from "yaml";
import { snakeCase } from "../settings/spelling.ts";
import { type Recipe, SECTIONS } from "./recipe.ts";

/** Settings that must not be written to a file. */
const SECRET = ["hfHubToken"];

/**
 * The recipe as a settings file, `run.yaml`, without secrets. It holds defaults too, so reading it gives the same recipe
 * even after a default has changed.
 */
export function writeRecipe(recipe: Recipe, sections = SECTIONS): string {
  const values = recipe as unknown as Record<string, unknown>;
  const parts = sections.map(({ title, shape }) => {
    const set = Object.keys(shape).filter((name) => values[name] !== undefined && !SECRET.includes(name));
    const lines = Object.fromEntries(set.map((name) => [snakeCase(name), values[name]]));
    return `### ${title}\n` + (set.length > 0 ? stringify(lines, { lineWidth: 0, version: "1.1" }) : "");
  });
  return parts.join("\n");
}
