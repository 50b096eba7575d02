import { findModel, locateAdapter, type LocateOptions } from "./locate.ts";
import type { Listener } from "./progress.ts";
import type { HubSettings } from "./settings.ts";

/** The settings that name models. `Recipe` has them all. */
export interface NamingSettings extends Partial<HubSettings> {
  readonly modelNameOrPath: string;
  readonly adapterNameOrPath: string[];
  readonly adapterFolder?: string;
  /** Where neither `template` nor the tokenizer says one. */
  readonly usualTemplate?: string;
  /** What the model is called where others read it: there once names have become folders. */
  readonly modelName?: string;
  readonly trainFromScratch?: boolean;
}

/**
 * The recipe with folders in the place of names: model and adapters are downloaded if they are not there. It also knows
 * what the model is called (`modelName`) and its usual template. A recipe whose names are folders comes back as it was.
 *
 * @throws {FtxError} What `findModel` and `locateAdapter` throw.
 */
export async function located<R extends NamingSettings>(
  recipe: R,
  { listener, weights = true }: { listener?: Listener } & Pick<LocateOptions, "weights"> = {},
): Promise<R> {
  if (recipe.modelName !== undefined) return recipe; // its names are folders already
  const { modelRevision, cacheDir, hfHubToken, adapterFolder } = recipe;
  const options = { modelRevision, cacheDir, hfHubToken, listener };
  const withWeights = weights && !recipe.trainFromScratch;
  const { folder, name, revision, template } = await findModel(recipe.modelNameOrPath, {
    ...options,
    weights: withWeights,
  });
  const adapters: string[] = [];
  for (const adapter of weights ? recipe.adapterNameOrPath : []) {
    adapters.push(await locateAdapter(adapter, adapterFolder, options));
  }
  return {
    ...recipe,
    modelNameOrPath: folder,
    adapterNameOrPath: weights ? adapters : recipe.adapterNameOrPath,
    modelName: name,
    modelRevision: revision ?? modelRevision,
    usualTemplate: template,
  };
}
