import { CheckpointError, RecipeError } from "../errors.ts";
import { didYouMean } from "../settings/nearest.ts";
import type { HubOptions } from "./hub.ts";
import { adapterFiles, modelFiles } from "./model_files.ts";
import { openRepository } from "./open.ts";
import { OWN_MODELS, ownModel } from "./own.ts";
import { hubPlace } from "./place.ts";
import type { Listener } from "./progress.ts";
import { modelNamed, MODELS, templateOf } from "./registry/mod.ts";
import { nameOf, type Repository, repositoryNamed } from "./repository.ts";
import type { HubSettings } from "./settings.ts";

/** How names are looked up, and who is told of downloads. */
export interface LocateOptions extends Partial<HubSettings>, HubOptions {
  readonly listener?: Listener;
  /** `false`: configurations and tokenizer only. Default `true`. */
  readonly weights?: boolean;
}

/** A model on this disk. */
export interface Located {
  readonly folder: string;
  /** What others should know it by: its repository where it has one, else the folder as it was given. */
  readonly name: string;
  /** The revision of that repository. */
  readonly revision?: string;
  /** The template to use where neither the recipe nor the tokenizer says one. */
  readonly template?: string;
}

/**
 * The folder of a model that is named by its folder, a short name (`llama-3.1-8b-instruct`) or its repository
 * (`org/name`, `org/name@revision`), downloaded if it is not in the cache.
 *
 * @example
 * ```ts
 * const folder = await locateModel("qwen3-0.6b");
 * ```
 * @throws {CheckpointError} There is no such folder and no such name.
 * @throws {NetworkError} It cannot be downloaded, and why.
 */
export async function locateModel(name: string, options: LocateOptions = {}): Promise<string> {
  return (await findModel(name, options)).folder;
}

/** The same, with what is known of the model besides. */
export async function findModel(name: string, options: LocateOptions = {}): Promise<Located> {
  const { modelRevision = "main", weights } = options;
  const folder = await isThere(name) ? name : ownModel(name);
  if (folder !== undefined) {
    if (modelRevision === "main") return { folder, name };
    throw new RecipeError(
      `Cannot use model_revision = "${modelRevision}" with "${name}": a folder has no revisions; leave it out`,
    );
  }
  const [alias, inline] = name.split(/@(.*)/s);
  const known = modelNamed(alias);
  const full = known === undefined ? name : known.hub + (inline === undefined ? "" : `@${inline}`);
  const repository = repositoryNamed(full, "model", { revision: modelRevision });
  if (repository === undefined) throw unknown(name);
  const snapshot = await open(repository, options, modelFiles(nameOf(repository), { weights }));
  const { id, revision } = repository;
  return { folder: snapshot.folder, name: id, revision, template: known?.template ?? templateOf(id) };
}

/** The folder of an adapter that is named by its folder or its repository; `below`: the folder inside it. */
export async function locateAdapter(
  name: string,
  below: string | undefined,
  options: LocateOptions = {},
): Promise<string> {
  if (await isThere(name)) return name;
  const repository = repositoryNamed(name, "model");
  if (repository === undefined) {
    throw new CheckpointError(
      `Cannot load "${name}": there is no such folder; give an adapter's folder as PEFT saves it, or org/name at the hub`,
    );
  }
  return (await open(repository, options, adapterFiles(nameOf(repository), below))).folder;
}

function open(repository: Repository, options: LocateOptions, choose: ReturnType<typeof modelFiles>) {
  return openRepository(repository, {
    ...options,
    place: hubPlace(options),
    choose,
    besides: "there is no such folder, and ",
  });
}

const isThere = (path: string) => Deno.stat(path).then(() => true, (error) => !(error instanceof Deno.errors.NotFound));

function unknown(name: string): CheckpointError {
  const isPath = /^[.~/]|\/.*\/|\\/.test(name);
  const meant = isPath ? "" : didYouMean(name.toLowerCase(), [...Object.keys(MODELS), ...OWN_MODELS]);
  return new CheckpointError(
    isPath
      ? `Cannot load "${name}": there is no such folder; check the path`
      : `Cannot load "${name}": there is no such folder, and no model has this short name` +
        (meant || "; give a folder, org/name, or a name that ftx models search lists"),
  );
}
