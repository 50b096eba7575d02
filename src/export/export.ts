import { checkAddedTokens, inspectModel, loadWithAdapters, type UseSettings } from "../adapters/mod.ts";
import { chooseTemplate, readWritten, stopIds, teach, type TemplateChoice } from "../data/mod.ts";
import { RecipeError } from "../errors.ts";
import { type Listener, located, type NamingSettings } from "../hub/mod.ts";
import type { ModelSettings } from "../models/settings.ts";
import { writeFolder } from "../run/mod.ts";
import { shards } from "../safetensors/mod.ts";
import { Tokenizer, trainedFolders } from "../tokenizer/mod.ts";
import { bytesOfTensor, modelFiles, withEnds } from "../weights/mod.ts";
import type { ExportSettings } from "./settings.ts";

/** The settings that decide what is exported, and how. */
export type ToExport =
  & (UseSettings & NamingSettings & ExportSettings & TemplateChoice)
  & Pick<ModelSettings, "resizeVocab" | "addTokens" | "addSpecialTokens">;

/** Weights of an earlier export that must not stay next to the new ones. */
const OLD = /^model.*\.safetensors(\.index\.json)?$/;

/**
 * `ftx export`: writes base and adapters as one model that transformers loads: config.json, generation_config.json, the
 * tokenizer's files, weights in files of at most `export_size` GB (10⁹ bytes). The weights keep their type unless `dtype`
 * names one. Tokenizer, ends of answers and chat template are those of the last training, unless `template` or a setting that
 * changes it asks for others. A new folder appears with all its files or not at all.
 */
export async function exportModel(
  given: ToExport,
  { say = console.log, onNote = say, onProgress, listener }: {
    say?: (line: string) => void;
    onNote?: (sentence: string) => void;
    onProgress?: (share: number) => void;
    /** Told of downloads. */
    listener?: Listener;
  } = {},
): Promise<void> {
  const { exportDir } = given;
  if (!exportDir) throw new RecipeError("Cannot export: export_dir is not set; name a folder with --export-dir");
  const recipe = await located(given, { listener });
  const base = recipe.modelNameOrPath;
  for (const source of [base, ...recipe.adapterNameOrPath]) {
    if (await same(source, exportDir)) {
      throw new RecipeError(
        `Cannot export to "${exportDir}": it holds weights that the export reads; choose another --export-dir`,
      );
    }
  }
  if (await Deno.stat(exportDir).then((info) => !info.isDirectory, () => false)) {
    throw new RecipeError(`Cannot export to "${exportDir}": it is a file; name a folder with --export-dir`);
  }
  const device = recipe.exportDevice === "cpu" ? "cpu" : recipe.device;
  await inspectModel({ ...recipe, device, trainFromScratch: false });
  const folders = trainedFolders(recipe, { onNote });
  const tokenizer = await Tokenizer.load(folders[0], recipe);
  const stops = await fitTemplate(recipe, tokenizer, onNote);
  using model = await loadWithAdapters({ ...recipe, device }, { onNote, onProgress });
  checkAddedTokens(recipe, tokenizer, { model, onNote });
  const files = modelFiles(model);
  const texts = await withEnds(files.texts, { tokenizer, stops, folders, config: model.config });
  const tensors = new Map(Array.from(files.tensors(), ([name, t]) => [name, bytesOfTensor(t)]));
  const split = shards(tensors, recipe.exportSize * 1e9);
  await writeFolder(exportDir, async (writer) => {
    for (const { name, tensors: names } of split.files) {
      await writer.safetensors(name, names.map((n) => [n, tensors.get(n)!] as const));
    }
    if (split.index) await writer.bytes("model.safetensors.index.json", split.index);
    for (const [name, text] of Object.entries(texts)) await writer.bytes(name, text);
    for (const [name, content] of Object.entries(tokenizer.contents())) await writer.bytes(name, content);
  }, { supersedes: OLD });
  const bytes = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  const count = split.files.length;
  say(`Exported ${(bytes / 1e6).toFixed(1)} MB in ${count} ${count === 1 ? "file" : "files"} to "${exportDir}"`);
}

/** Fits the tokenizer to the template that the settings ask for, if they do; returns the ids that end its answers. */
async function fitTemplate(
  recipe: ToExport,
  tokenizer: Tokenizer,
  onNote: (sentence: string) => void,
): Promise<number[]> {
  if (recipe.splitSpecialTokens) onNote("split_special_tokens = true changes nothing: an export encodes no text");
  const { template, toolFormat, defaultSystem, enableThinking, preserveThinking } = recipe;
  const asked = [template, toolFormat, defaultSystem, enableThinking, preserveThinking];
  if (asked.every((value) => value === undefined)) return [];
  const before = tokenizer.chatTemplate === undefined ? undefined : readWritten(tokenizer.chatTemplate);
  const chosen = await chooseTemplate(recipe, tokenizer, { onWarning: onNote });
  teach(chosen, tokenizer, before?.lastOnly);
  return stopIds(chosen, tokenizer);
}

async function same(a: string, b: string): Promise<boolean> {
  const [x, y] = await Promise.all([a, b].map((path) => Deno.realPath(path).catch(() => undefined)));
  return x !== undefined && x === y;
}
