import { join } from "node:path";
import { programRoot } from "../../libtorch/mod.ts";

/** What comes with ftx, so that a first run needs no network: its name, and its path in the program's folder. */
const MODELS: Readonly<Record<string, string>> = { "ftx-tiny": "examples/tiny" };
const DATASETS: Readonly<Record<string, string>> = {
  "ftx-docker": "examples/docker/train.json",
  "ftx-docker-heldout": "examples/docker/heldout.json",
};

/** The names of the models and data sets that come with ftx. */
export const OWN_MODELS = Object.keys(MODELS), OWN_DATASETS = Object.keys(DATASETS);

/** The folder of a model that comes with ftx; undefined for any other name. */
export const ownModel = (name: string): string | undefined => own(MODELS, name.toLowerCase());

/** The file of a data set that comes with ftx; undefined for any other name. */
export const ownDataset = (name: string): string | undefined => own(DATASETS, name);

const own = (table: Readonly<Record<string, string>>, name: string) =>
  Object.hasOwn(table, name) ? join(programRoot(), table[name]) : undefined;
