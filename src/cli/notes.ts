import type { Reading } from "../recipe/settle.ts";

/** Says on stderr which settings need nothing to be done, and why; `quiet` and `json` leave it out. */
export function tell({ recipe, notes }: Reading) {
  if (recipe.quiet || recipe.json) return;
  for (const note of notes) console.error(`note: ${note}`);
}
