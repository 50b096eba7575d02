import process from "node:process";
import { RecipeError } from "../errors.ts";
import { located } from "../hub/mod.ts";
import { Tokenizer, trainedFolders } from "../tokenizer/mod.ts";
import { checkDatasets } from "./catalogue/info.ts";
import { chooseTemplate, type TemplateChoice } from "./encode/choose_template.ts";
import type { LoadOptions } from "./load_dataset.ts";
import { prepare, type Prepared, type PrepareSettings } from "./prepare.ts";
import type { EncodedSet } from "./sets/set.ts";
import { drawExample, showRow } from "./show.ts";
import type { Task } from "./tasks/mod.ts";

/** The settings that a preview needs. */
export type PreviewSettings = PrepareSettings & TemplateChoice & {
  readonly modelNameOrPath?: string;
  readonly adapterNameOrPath?: string[];
  readonly addTokens?: string[];
  readonly addSpecialTokens?: string[];
};

/** What a preview shows, and where. */
export interface PreviewOptions extends LoadOptions {
  /** The task of the stage that will learn from the data. */
  readonly task: Task;
  /** Examples to show. Default 3. */
  readonly examples?: number;
  /** Default: whether stdout is a terminal and NO_COLOR is not set. */
  readonly color?: boolean;
  /** Default `console.log`. */
  readonly print?: (text: string) => void;
}

/**
 * Shows what a run would learn, without training: the first examples as the model sees them, how long examples are, and how
 * many are shortened or left out. Reads only the tokenizer of the model. Throws `RecipeError` and `DataError`.
 */
export async function preview(given: PreviewSettings, options: PreviewOptions): Promise<void> {
  const { task, examples = 3, color = hasColor(), print = console.log } = options;
  const { modelNameOrPath, adapterNameOrPath = [], listener } = { ...given, ...options };
  if (modelNameOrPath === undefined) {
    throw new RecipeError(
      "Cannot show the data: no model is given, and the tokenizer is the model's; set model_name_or_path",
    );
  }
  checkDatasets(given); // before anything is downloaded
  const recipe = await located({ ...given, modelNameOrPath, adapterNameOrPath }, { listener, weights: false });
  const warn = options.onWarning ?? ((sentence: string) => print(`warning: ${sentence}`));
  const tokenizer = await Tokenizer.load(trainedFolders(recipe, { onNote: warn })[0], recipe);
  const template = await chooseTemplate(recipe, tokenizer, { usesTemplate: task.usesTemplate, onWarning: warn });
  const data = await prepare(recipe, { task, template, tokenizer }, { ...options, onWarning: warn });
  for (let row = 0; row < Math.min(examples, data.train.rows); row++) {
    print(`Example ${row + 1}`);
    print(drawExample(await showRow(data.train, row, tokenizer, task.parts), { color }) + "\n");
  }
  print(summary(data));
}

/** A table of the sets with their rows, tokens and lengths, and what was shortened or left out. */
export function summary({ train, evals, tallies }: Prepared): string {
  const sets = [
    ["train", train] as const,
    ...Object.entries(evals).map(([name, set]) => [name || "eval", set] as const),
  ];
  const header = ["set", "rows", "examples", "tokens", "learned", "shortest", "median", "90 %", "longest"];
  const table = [header, ...sets.filter(([, set]) => set.rows > 0).map(([name, set]) => [name, ...figures(set)])];
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const lines = table.map((row) =>
    row.map((cell, i) => i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])).join("  ")
  );
  const notes = Object.entries(tallies).filter(([, tally]) => tally.cut + tally.dropped > 0).map(([name, tally]) =>
    `${name}: ${tally.cut} of ${tally.rows} examples shortened, ${tally.dropped} left out`
  );
  return [...lines, ...notes].join("\n");
}

function figures(set: EncodedSet): string[] {
  const lengths = Int32Array.from({ length: set.rows }, (_, row) => set.lengthOf(row)).sort();
  const at = (share: number) => String(lengths[Math.min(lengths.length - 1, Math.floor(share * lengths.length))]);
  const share = `${set.learned} (${(100 * set.learned / set.tokens).toFixed(0)} %)`;
  return [set.rows, set.documents, set.tokens, share, at(0), at(0.5), at(0.9), at(1)].map(String);
}

function hasColor(): boolean {
  return process.stdout.isTTY === true && !process.env.NO_COLOR;
}
