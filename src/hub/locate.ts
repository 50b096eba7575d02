import { CheckpointError, RecipeError } from "../errors.ts";
import { didYouMean } from "../settings/nearest.ts";
import type { RetryOptions } from "../net/mod.ts";
import type { Listener } from "../report/progress.ts";
import { chooseAdapterFiles, chooseModelFiles } from "./model_files.ts";
import { openRepository } from "./open.ts";
import { hubPlace } from "./place.ts";
import { modelNamed, MODELS, OWN_MODELS, ownModel, templateOf } from "./registry/mod.ts";
import { nameOf, type Repository, repositoryNamed } from "./repository.ts";
import type { HubSettings } from "./settings.ts";

/** How names are looked up, and who hears of downloads. */
export interface LocateOptions extends Partial<HubSettings>, RetryOptions {
  readonly listener?: Listener;
  /** Whether the weights are needed as well as configurations and tokenizer. Default: true. */
  readonly weights?: boolean;
}

/** A model on this disk. */
export interface Located {
  readonly folder: string;
  /** What others can find it by: its repository if it has one, or else the folder as it was given. */
  readonly name: string;
  /** The revision of that repository. */
  readonly revision?: string;
  /** The template to use if neither the recipe nor the tokenizer names one. */
  readonly template?: string;
}

/**
 * The folder of a model, given by a folder, a short name (`llama-3.1-8b-instruct`) or a repository (`org/name`,
 * `org/name@revision`). Downloads it if it is not in the cache.
 *
 * @example
 * ```ts
 * const folder = await locateModel("qwen3-0.6b");
 * ```
 * @throws {CheckpointError} There is no such folder and no such short name.
 * @throws {NetworkError} It cannot be downloaded; the sentence says why.
 */
export async function locateModel(name: string, options: LocateOptions = {}): Promise<string> {
  return (await findModel(name, options)).folder;
}

/** `locateModel`, with the name, revision and usual template of the model. */
export async function findModel(name: string, options: LocateOptions = {}): Promise<Located> {
  const { weights } = options, found = await modelCalled(name, options);
  if ("folder" in found) return { folder: found.folder, name };
  const { repository, template } = found, { id, revision } = repository;
  const snapshot = await open(repository, options, chooseModelFiles(nameOf(repository), { weights }));
  return { folder: snapshot.folder, name: id, revision, template };
}

/** What the name of a model stands for. Asks no hub; throws if it can be no model's. */
export async function modelCalled(
  name: string,
  { modelRevision = "main" }: LocateOptions = {},
): Promise<{ folder: string } | { repository: Repository; template?: string }> {
  const folder = await isThere(name) ? name : ownModel(name);
  if (folder !== undefined) {
    if (modelRevision === "main") return { folder };
    throw new RecipeError(
      `Cannot use model_revision = "${modelRevision}" with "${name}": a folder has no revisions; leave it out`,
    );
  }
  const [alias, inline] = name.split(/@(.*)/s);
  const known = modelNamed(alias);
  const full = known === undefined ? name : known.hub + (inline === undefined ? "" : `@${inline}`);
  const repository = repositoryNamed(full, "model", { revision: modelRevision });
  if (repository === undefined) throw unknown(name);
  return { repository, template: known?.template ?? templateOf(repository.id) };
}

/** The folder of an adapter, given by a folder or a repository. `below`: the folder of the adapter in its repository. */
export async function locateAdapter(
  name: string,
  below: string | undefined,
  options: LocateOptions = {},
): Promise<string> {
  const repository = await adapterCalled(name);
  if (repository === undefined) return name;
  return (await open(repository, options, chooseAdapterFiles(nameOf(repository), below, options))).folder;
}

/** The repository of an adapter; undefined if its name is that of a folder. Asks no hub; throws if it can be no adapter's. */
export async function adapterCalled(name: string): Promise<Repository | undefined> {
  if (await isThere(name)) return undefined;
  const repository = repositoryNamed(name, "model");
  if (repository !== undefined) return repository;
  throw new CheckpointError(
    `Cannot load "${name}": there is no such folder; give an adapter's folder as PEFT saves it, or org/name at the hub`,
  );
}

function open(repository: Repository, options: LocateOptions, choose: ReturnType<typeof chooseModelFiles>) {
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
