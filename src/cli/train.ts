import { readCommandLine } from "./command_line.ts";
import type { About } from "./commands.ts";
import { openTensors } from "./open_tensors.ts";
import { printNotes } from "./output.ts";

/** `ftx train FILE`, and a command for each stage (`ftx sft`): trains as the settings say. */
export async function run(args: string[], name: string, about: About) {
  const reading = await readCommandLine(args, {
    name,
    purpose: "train",
    stage: name === "train" ? undefined : name,
    about,
  });
  if (reading === undefined) return;
  printNotes(reading);
  await openTensors();
  const { finetune } = await import("../session/finetune.ts");
  await finetune(reading.recipe);
}
