import { methodSettings } from "../adapters/settings.ts";
import { templateSettings } from "../data/settings.ts";
import { hubSettings } from "../hub/settings.ts";
import { modelSettings } from "../models/settings.ts";
import { section } from "../recipe/setting.ts";
import { runSettings } from "../run/settings.ts";
import { exportSettings } from "../export/settings.ts";
import { readCommandLine } from "./command_line.ts";
import type { About } from "./about.ts";
import { tell } from "./notes.ts";
import { openTensors } from "./open_tensors.ts";

const { finetuningType } = methodSettings.shape;
const { quiet } = runSettings.shape;

const SECTIONS = [
  exportSettings,
  modelSettings,
  hubSettings,
  templateSettings,
  section("More", { finetuningType, quiet }),
];

/** `ftx export`: merges the adapters into the model and writes a folder that transformers loads. */
export async function run(args: string[], name: string, about: About) {
  const reading = await readCommandLine(args, { name, purpose: "export", sections: SECTIONS, about });
  if (reading === undefined) return;
  tell(reading);
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
