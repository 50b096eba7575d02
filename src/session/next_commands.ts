import type { Recipe } from "../recipe/mod.ts";
import { STAGES } from "../stages/mod.ts";

type NextSettings = Pick<
  Recipe,
  | "modelNameOrPath"
  | "adapterNameOrPath"
  | "adapterFolder"
  | "createNewAdapter"
  | "finetuningType"
  | "template"
  | "stage"
>;

/** Where a finished run's weights are, and the commands that use them, to be copied from the terminal. */
export function nextCommands(recipe: NextSettings, folder: string): string {
  const { modelNameOrPath, adapterNameOrPath, adapterFolder, createNewAdapter, stage, template = "empty" } = recipe;
  // The folder tells the template, but a model that was trained on plain text has learned none.
  const how = STAGES[stage].task.usesTemplate ? "" : ` --template ${template}`;
  if (recipe.finetuningType !== "lora") {
    return `The model is in "${folder}". Talk with it:\n  ftx chat --model ${word(folder)}${how}`;
  }
  // A new adapter was trained on top of all the given ones; otherwise the last of them is the one that was trained.
  const given = createNewAdapter ? adapterNameOrPath : adapterNameOrPath.slice(0, -1);
  const below = given.map((path) => adapterFolder === undefined ? path : `${path}/${adapterFolder}`);
  const both = `--model ${word(modelNameOrPath)} --adapter ${word([...below, folder].join(","))}`;
  return `The adapter is in "${folder}". Talk with it, or merge it into its model:\n` +
    `  ftx chat ${both}${how}\n  ftx export ${both} --export-dir ${word(`${folder}-merged`)}`;
}

/** Quoted for a shell where needed. */
function word(text: string): string {
  return /^[\w./,:@=+-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
