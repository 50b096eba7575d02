import { join } from "node:path";
import { DataError, RecipeError } from "../../errors.ts";
import {
  chooseDatasetFiles,
  hubPlace,
  type HubSettings,
  type Listener,
  openRepository,
  type Part,
  type Repository,
  repositoryNamed,
} from "../../hub/mod.ts";

/**
 * Data sets that LLaMA-Factory's own dataset_info.json names, and where they are at the hub: its users write these names
 * without having the file. Only those whose columns need no description; adding one is one line.
 */
export const KNOWN_DATASETS: Readonly<Record<string, string>> = {
  alpaca_en: "llamafactory/alpaca_en",
  alpaca_zh: "llamafactory/alpaca_zh",
  alpaca_gpt4_en: "llamafactory/alpaca_gpt4_en",
  alpaca_gpt4_zh: "llamafactory/alpaca_gpt4_zh",
  codealpaca: "sahil2801/CodeAlpaca-20k",
  open_platypus: "garage-bAInd/Open-Platypus",
};

/** Which hub, and what hears about downloads. */
export interface OnlineOptions extends Partial<HubSettings> {
  readonly listener?: Listener;
}

/** The files of a data set at the hub; downloads those that are not in the cache. Throws `DataError` and `NetworkError`. */
export async function filesOnline(
  name: string,
  { id, part, options }: { id: string; part?: Part; options: OnlineOptions },
): Promise<string[]> {
  const repository = repositoryOf(name, id);
  const choose = chooseDatasetFiles(name, part);
  const besides = id === name ? "there is no such file, and " : undefined;
  const { folder, files } = await openRepository(repository, { ...where(options), choose, besides });
  return files.map((file) => join(folder, file));
}

/** The repository of an id that a data set has at the hub. Throws `DataError` if there can be none. */
export function repositoryOf(name: string, id: string): Repository {
  const repository = named(id);
  if (repository !== undefined) return repository;
  throw new DataError(
    `Cannot load dataset "${name}": "${id}" cannot be a data set at the hub; write org/name or org/name@revision`,
  );
}

/** Whether a name can be that of a data set at the hub. */
export function isOnline(name: string): boolean {
  return repositoryNamed(name, "dataset") !== undefined;
}

/** A file, or the files of a folder, of the data set in `dataset_dir = REMOTE:org/name`. */
export async function remoteFiles(datasetDir: string, path: string, options: OnlineOptions): Promise<string[]> {
  const repository = named(datasetDir.replace(/^REMOTE:/, ""));
  if (repository === undefined) {
    throw new RecipeError(`Cannot use dataset_dir = "${datasetDir}": write REMOTE:org/name, a data set at the hub`);
  }
  const wanted = path.replace(/^\.\//, "").replace(/\/+$/, "");
  const { folder, files } = await openRepository(repository, {
    ...where(options),
    choose: (all) => {
      const found = all.map((file) => file.path).filter((one) => one === wanted || one.startsWith(`${wanted}/`));
      if (found.length > 0) return Promise.resolve(found);
      throw new DataError(`Cannot use dataset_dir = "${datasetDir}": it has no "${path}"; check its name`);
    },
  });
  return files.map((file) => join(folder, file));
}

const named = (id: string): Repository | undefined => repositoryNamed(id, "dataset", { bare: true });

const where = (options: OnlineOptions) => ({ place: hubPlace(options), listener: options.listener });
