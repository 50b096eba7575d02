import { EXIT } from "../errors.ts";
import { STAGE_NAMES } from "../train/stage_names.ts";
import { readCommandLine } from "./command_line.ts";
import type { About } from "./commands.ts";
import { openTensors } from "./open_tensors.ts";
import { print, printNotes } from "./output.ts";

/** `ftx plan`: estimates the memory and work of a run without starting it. `ftx plan sft …` is about `ftx sft …`. */
export async function run(args: string[], name: string, about: About) {
  const [first, ...rest] = args;
  const stage = STAGE_NAMES.find((name) => name === first), words = stage || first === "train" ? rest : args;
  const reading = await readCommandLine(words, { name, purpose: "plan", stage, about });
  if (reading === undefined) return;
  printNotes(reading);
  await openTensors();
  const { planRun } = await import("../plan/planning.ts");
  const { text, fits } = await planRun(reading.recipe);
  await print(text);
  if (!fits) Deno.exitCode = EXIT.memory; // as the run itself would end
}
