import { methodSettings } from "../adapters/settings.ts";
import { templateSettings } from "../data/settings.ts";
import { generationSettings } from "../generate/settings.ts";
import { hubSettings } from "../hub/settings.ts";
import { modelSettings } from "../models/settings.ts";
import { section } from "../recipe/setting.ts";
import { runSettings } from "../run/settings.ts";
import { trainingSettings } from "../stages/settings.ts";
import { readCommandLine } from "./command_line.ts";
import type { About } from "./about.ts";
import { tell } from "./notes.ts";
import { openTensors } from "./open_tensors.ts";

const { finetuningType } = methodSettings.shape;
const { seed } = trainingSettings.shape;
const { quiet } = runSettings.shape;

const SECTIONS = [
  generationSettings,
  modelSettings,
  hubSettings,
  templateSettings,
  section("More", { finetuningType, seed, quiet }),
];

/** `ftx chat`: talks with a model on the terminal, or answers one `--prompt`. */
export async function run(args: string[], name: string, about: About) {
  const reading = await readCommandLine(args, { name, purpose: "chat", sections: SECTIONS, about });
  if (reading === undefined) return;
  tell(reading);
  await openTensors();
  const { chat } = await import("../generate/mod.ts");
  const { Waiting } = await import("../report/mod.ts");
  using waiting = new Waiting({ quiet: reading.recipe.quiet });
  await chat(reading.recipe, waiting);
}
