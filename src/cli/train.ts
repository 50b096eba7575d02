import { generationSettings } from "../generate/settings.ts";
import { planSettings } from "../plan/settings.ts";
import { SECTIONS } from "../recipe/recipe.ts";
import type { Section } from "../recipe/setting.ts";
import { exportSettings } from "../export/settings.ts";
import { readCommandLine } from "./command_line.ts";
import type { About } from "./about.ts";
import { tell } from "./notes.ts";
import { openTensors } from "./open_tensors.ts";

const OTHERS: readonly Section[] = [exportSettings, generationSettings, planSettings];

/** The sections that say how to train: all but export, generation and plan. */
export const TRAINING_SECTIONS = SECTIONS.filter((part) => !OTHERS.includes(part));

/** `ftx train FILE`, `ftx pt`, `ftx sft`: trains as the settings say. */
export async function run(args: string[], name: string, about: About) {
  const stage = name === "train" ? undefined : name;
  const reading = await readCommandLine(args, { name, purpose: "train", sections: TRAINING_SECTIONS, stage, about });
  if (reading === undefined) return;
  tell(reading);
  await openTensors();
  const { finetune } = await import("../session/finetune.ts");
  await finetune(reading.recipe);
}
