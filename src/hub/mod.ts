/** Models, adapters and data sets by name: short names, the hub, and the cache shared with Python. Knows no tensors. */
export { chooseDatasetFiles, type Part } from "./dataset_files.ts";
export { findModel, locateAdapter, type Located, locateModel, type LocateOptions } from "./locate.ts";
export { located, type NamingSettings } from "./locate_recipe.ts";
export type { Listener } from "../report/progress.ts";
export { type Opened, type OpenOptions, openRepository } from "./open.ts";
export { type HubPlace, hubPlace } from "./place.ts";
export { type KnownModel, modelNamed, MODELS, OWN_DATASETS, ownDataset, templateOf } from "./registry/mod.ts";
export { type Repository, repositoryNamed } from "./repository.ts";
export type { HubSettings } from "./settings.ts";
