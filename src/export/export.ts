import { inspectModel, loadWithAdapters, type UseSettings } from "../adapters/mod.ts";
import { RecipeError } from "../errors.ts";
import { type Listener, located, type NamingSettings } from "../hub/mod.ts";
import { writeFolder } from "../run/mod.ts";
import { shards } from "../safetensors/mod.ts";
import { Tokenizer } from "../tokenizer/mod.ts";
import { bytesOfTensor, modelFiles } from "../weights/mod.ts";
import type { ExportSettings } from "./settings.ts";

/** Weights of an earlier export that must not stay next to the new ones. */
const OLD = /^model.*\.safetensors(\.index\.json)?$/;

/**
 * `ftx export`: writes base and adapters as one model that transformers loads: config.json, generation_config.json, the
 * tokenizer's files, weights in files of at most `export_size` GB (10⁹ bytes). The weights keep their type unless `dtype`
 * names one. A new folder appears with all its files or not at all.
 */
export async function exportModel(
  given: UseSettings & NamingSettings & ExportSettings,
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
  const tokenizer = await Tokenizer.load(base);
  using model = await loadWithAdapters({ ...recipe, device }, { onNote, onProgress });
  const files = await modelFiles(model, base);
  const tensors = new Map(Array.from(files.tensors(), ([name, t]) => [name, bytesOfTensor(t)]));
  const split = shards(tensors, recipe.exportSize * 1e9);
  await writeFolder(exportDir, async (writer) => {
    for (const { name, tensors: names } of split.files) {
      await writer.safetensors(name, names.map((n) => [n, tensors.get(n)!] as const));
    }
    if (split.index) await writer.bytes("model.safetensors.index.json", split.index);
    for (const [name, text] of Object.entries(files.texts)) await writer.bytes(name, text);
    for (const [name, content] of Object.entries(tokenizer.contents())) await writer.bytes(name, content);
  }, { supersedes: OLD });
  const bytes = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  const count = split.files.length;
  say(`Exported ${(bytes / 1e6).toFixed(1)} MB in ${count} ${count === 1 ? "file" : "files"} to "${exportDir}"`);
}

async function same(a: string, b: string): Promise<boolean> {
  const [x, y] = await Promise.all([a, b].map((path) => Deno.realPath(path).catch(() => undefined)));
  return x !== undefined && x === y;
}
