import { RecipeError } from "../errors.ts";
import { didYouMean } from "../recipe/nearest.ts";
import { readCommandLine } from "./command_line.ts";
import type { About } from "./about.ts";
import { tell } from "./notes.ts";
import { TRAINING_SECTIONS } from "./train.ts";

/** `ftx data preview`: shows the first examples with what is learned of them, and trains nothing. */
export async function run([what, ...args]: string[], _name: string, about: About) {
  if (what === "--help" || what === "-h") args = [what];
  else if (what !== "preview") {
    const meant = what === undefined ? "" : didYouMean(what, ["preview"]);
    const asked = ["ftx data", what].filter(Boolean).join(" ");
    throw new RecipeError(`Cannot run "${asked}": ftx data has one part, preview${meant}`);
  }
  const line = { name: "data", purpose: "preview", sections: TRAINING_SECTIONS, about } as const;
  const reading = await readCommandLine(args, line);
  if (reading === undefined) return;
  tell(reading);
  const { preview } = await import("../data/preview.ts");
  const { Waiting } = await import("../report/mod.ts");
  const { STAGES } = await import("../stages/mod.ts");
  using listener = new Waiting({ quiet: reading.recipe.quiet });
  await preview(reading.recipe, { task: STAGES[reading.recipe.stage].task, listener });
}
