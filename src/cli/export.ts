import { readCommandLine } from "./command_line.ts";
import type { About } from "./commands.ts";
import { openTensors } from "./open_tensors.ts";
import { printNotes } from "./output.ts";

/** `ftx export`: merges the adapters into the model and writes a folder that transformers loads. */
export async function run(args: string[], name: string, about: About) {
  const reading = await readCommandLine(args, { name, purpose: "export", about });
  if (reading === undefined) return;
  printNotes(reading);
  await openTensors();
  const { exportModel } = await import("../export/export.ts");
  const { Waiting } = await import("../report/mod.ts");
  using waiting = new Waiting({ quiet: reading.recipe.quiet });
  await exportModel(reading.recipe, {
    listener: waiting,
    onNote: (sentence) => waiting.say(`note: ${sentence}`),
    onProgress: (share) => waiting.share("Reading the model", share),
  });
}
