import { existsSync } from "node:fs";
import { join } from "node:path";
import { TOKENIZER_FILES } from "./files.ts";

/** The settings that name a model and its adapters, by their folders. */
export interface ModelNames {
  readonly modelNameOrPath: string;
  readonly adapterNameOrPath?: readonly string[];
  readonly adapterFolder?: string;
}

/**
 * The folders that say how a model with adapters was trained, the last training first. `[0]` has its tokenizer, end of text
 * and chat template: that of the last adapter that was saved with a tokenizer, else the model's.
 */
export function trainedFolders(
  { modelNameOrPath, adapterNameOrPath = [], adapterFolder = "" }: ModelNames,
  { onNote }: { onNote?: (sentence: string) => void } = {},
): string[] {
  const adapters = adapterNameOrPath.map((path) => join(path, adapterFolder)).reverse();
  const has = (folder: string) => (name: string) => existsSync(join(folder, name));
  const trained = adapters.filter((folder) => has(folder)("tokenizer.json"));
  for (const folder of adapters.filter((folder) => !trained.includes(folder))) {
    const unused = TOKENIZER_FILES.filter(has(folder));
    if (unused.length === 0) continue;
    onNote?.(
      `the adapter "${folder}" has no tokenizer.json: its ${unused.join(", ")} ${
        unused.length > 1 ? "are" : "is"
      } unused`,
    );
  }
  return [...trained, modelNameOrPath];
}
