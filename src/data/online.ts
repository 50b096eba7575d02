import { join } from "node:path";
import { DataError, RecipeError } from "../errors.ts";
import {
  datasetFiles,
  hubPlace,
  type HubSettings,
  type Listener,
  openRepository,
  type Part,
  type Repository,
  repositoryNamed,
} from "../hub/mod.ts";

/** Which hub, and who is told of downloads. */
export interface OnlineOptions extends HubSettings {
  readonly listener?: Listener;
}

/** The files of a data set of the hub, downloaded if they are not in the cache. Throws `DataError` and `NetworkError`. */
export async function filesOnline(
  name: string,
  { id, part, options }: { id: string; part?: Part; options: OnlineOptions },
): Promise<string[]> {
  const repository = named(id);
  if (repository === undefined) {
    throw new DataError(
      `Cannot load dataset "${name}": "${id}" is no data set of the hub; write org/name or org/name@revision`,
    );
  }
  const choose = datasetFiles(name, part);
  const besides = id === name ? "there is no such file, and " : undefined;
  const { folder, files } = await openRepository(repository, { ...where(options), choose, besides });
  return files.map((file) => join(folder, file));
}

/** Whether a name that is no file and in no list can be a data set of the hub. */
export function isOnline(name: string): boolean {
  return repositoryNamed(name, "dataset") !== undefined;
}

/** One file, or those in one folder, of the data set that `dataset_dir = REMOTE:org/name` names. */
export async function remoteFiles(datasetDir: string, path: string, options: OnlineOptions): Promise<string[]> {
  const repository = named(datasetDir.replace(/^REMOTE:/, ""));
  if (repository === undefined) {
    throw new RecipeError(`Cannot use dataset_dir = "${datasetDir}": write REMOTE:org/name, a data set of the hub`);
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
