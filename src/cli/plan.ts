import { EXIT } from "../errors.ts";
import { planSettings } from "../plan/settings.ts";
import { readCommandLine } from "./command_line.ts";
import type { About } from "./about.ts";
import { tell } from "./notes.ts";
import { openTensors } from "./open_tensors.ts";
import { print } from "./print.ts";
import { TRAINING_SECTIONS } from "./train.ts";

/** The words that stand before a run's arguments: `ftx plan sft …` is about `ftx sft …`. */
const STAGES = ["pt", "sft"];

/** `ftx plan`: says how much memory and work a run takes, and starts none. */
export async function run(args: string[], name: string, about: About) {
  const [first, ...rest] = args;
  const stage = STAGES.find((stage) => stage === first), words = stage || first === "train" ? rest : args;
  const sections = [planSettings, ...TRAINING_SECTIONS];
  const reading = await readCommandLine(words, { name, purpose: "plan", sections, stage, about });
  if (reading === undefined) return;
  tell(reading);
  await openTensors();
  const { planRun } = await import("../plan/planning.ts");
  const { text, fits } = await planRun(reading.recipe);
  await print(text);
  if (!fits) Deno.exitCode = EXIT.memory; // as the run itself would end
}
