/** Models, adapters and data sets by name: short names, the hub, and the cache that is Python's too. Knows no tensors. */
export { datasetFiles, type Part } from "./dataset_files.ts";
export { findModel, locateAdapter, type Located, locateModel, type LocateOptions } from "./locate.ts";
export { located, type NamingSettings } from "./locate_recipe.ts";
export { type Opened, type OpenOptions, openRepository } from "./open.ts";
export { type HubPlace, hubPlace } from "./place.ts";
export { OWN_DATASETS, ownDataset } from "./own.ts";
export type { Listener } from "./progress.ts";
export { type KnownModel, modelNamed, MODELS, templateOf } from "./registry/mod.ts";
export { type Repository, repositoryNamed } from "./repository.ts";
export type { HubSettings } from "./settings.ts";
