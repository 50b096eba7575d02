import { RecipeError } from "../errors.ts";
import { didYouMean } from "../settings/nearest.ts";
import { readCommandLine } from "./command_line.ts";
import type { About } from "./commands.ts";
import { printNotes } from "./output.ts";

/** `ftx data preview`: shows the first examples and which of their tokens a run would learn. Trains nothing. */
export async function run([what, ...args]: string[], _name: string, about: About) {
  if (what === "--help" || what === "-h") args = [what];
  else if (what !== "preview") {
    const meant = what === undefined ? "" : didYouMean(what, ["preview"]);
    const asked = ["ftx data", what].filter(Boolean).join(" ");
    throw new RecipeError(`Cannot run "${asked}": its only part is preview${meant}`);
  }
  const reading = await readCommandLine(args, { name: "data", purpose: "preview", about });
  if (reading === undefined) return;
  printNotes(reading);
  const { preview } = await import("../data/preview.ts");
  const { Waiting } = await import("../report/mod.ts");
  const { STAGES } = await import("../stages/mod.ts");
  using listener = new Waiting({ quiet: reading.recipe.quiet });
  await preview(reading.recipe, { task: STAGES[reading.recipe.stage].task, listener });
}
