import { adapterCalled, findModel, locateAdapter, type LocateOptions, modelCalled } from "./locate.ts";
import type { Listener } from "../report/progress.ts";
import type { HubSettings } from "./settings.ts";

/** The settings that name models. `Recipe` has them all. */
export interface NamingSettings extends Partial<HubSettings> {
  readonly modelNameOrPath: string;
  readonly adapterNameOrPath: string[];
  readonly adapterFolder?: string;
  /** The template to use if neither `template` nor the tokenizer names one. */
  readonly usualTemplate?: string;
  /** What others can find the model by. Set once the names are replaced by folders. */
  readonly modelName?: string;
  readonly trainFromScratch?: boolean;
}

/**
 * The recipe with folders in place of names; downloads the model and the adapters if they are not there. Adds the name of
 * the model (`modelName`) and its usual template. Returns a recipe that has been through this unchanged.
 *
 * @throws {FtxError} What `findModel` and `locateAdapter` throw.
 */
export async function located<R extends NamingSettings>(
  recipe: R,
  { listener, weights = true }: { listener?: Listener } & Pick<LocateOptions, "weights"> = {},
): Promise<R> {
  if (recipe.modelName !== undefined) return recipe; // done before
  const { modelRevision, cacheDir, hfHubToken, adapterFolder } = recipe;
  const options = { modelRevision, cacheDir, hfHubToken, listener };
  await modelCalled(recipe.modelNameOrPath, options); // every name is checked before anything is downloaded
  for (const adapter of recipe.adapterNameOrPath) await adapterCalled(adapter);
  const adapters: string[] = []; // before the model, which is larger
  for (const adapter of recipe.adapterNameOrPath) {
    adapters.push(await locateAdapter(adapter, adapterFolder, { ...options, weights }));
  }
  const { folder, name, revision, template } = await findModel(recipe.modelNameOrPath, {
    ...options,
    weights: weights && !recipe.trainFromScratch,
  });
  return {
    ...recipe,
    modelNameOrPath: folder,
    adapterNameOrPath: adapters,
    modelName: name,
    modelRevision: revision ?? modelRevision,
    usualTemplate: template,
  };
}
