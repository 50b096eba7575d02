import { accessSync, constants, existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CheckpointError, RecipeError, StorageError } from "../errors.ts";
import { type BrokenCheckpoint, type Checkpoint, listCheckpoints, newestCheckpoint } from "./checkpoint.ts";
import { replaceFile } from "./durable.ts";
import { reasonOf } from "./failure.ts";
import { RunLock } from "./lock.ts";
import { verify } from "./manifest.ts";
import { replaceAfter } from "./replaced.ts";
import { removeStale } from "./trash.ts";

/** The settings of a recipe that a run's folder depends on. */
export interface RunSettings {
  outputDir: string;
  overwriteOutputDir?: boolean;
  /** `true`: the newest intact checkpoint; a path: that one; `null`: as LLaMA-Factory, the newest if there is one. */
  resumeFromCheckpoint?: boolean | string | null;
  modelNameOrPath?: string;
  adapterNameOrPath?: string[];
}

/** A run's folder, locked by this process until it is disposed. */
export interface Run extends Disposable {
  readonly folder: string;
  /** Identifies the run: the same in all its checkpoints, including those after a resume. */
  readonly id: string;
  /** The checkpoint to resume from. */
  readonly resume?: Checkpoint;
  /** Sentences to show before training: what is resumed, which checkpoints are broken. */
  readonly notes: string[];
  /**
   * Claims the folder: sets aside the checkpoints that this run does not continue and writes `run.yaml`, the resolved
   * recipe. Nothing in the folder changes before that, so a run whose model turns out to be broken harms no earlier run.
   */
  begin(recipe: string): Promise<void>;
}

// Weights without a checkpoint belong to a finished run, or are someone's model.
const WEIGHTS = ["adapter_model.safetensors", "model.safetensors", "model.safetensors.index.json"];

/**
 * Creates or opens a run's folder, locks it, removes what killed saves left behind and decides where to start. The caller
 * loads what it needs and then calls `begin`; if it never does, disposing the run removes a folder that was created for it.
 *
 * Where a run starts:
 *
 * | in the folder | `--resume` | no flag | `overwrite_output_dir` |
 * | --- | --- | --- | --- |
 * | nothing | start, and say so | start | start |
 * | checkpoints | the newest intact one | the same, and say so (as LLaMA-Factory) | start |
 * | checkpoints, none intact | refuse | refuse | start |
 * | weights, no checkpoint | start, and say so | refuse (as LLaMA-Factory) | start |
 *
 * `begin` moves the checkpoints that the run does not continue (all with `overwrite_output_dir`, later or broken ones at a
 * resume) into `.replaced-…`. They are deleted after the run's own first save: until then nothing is lost.
 */
export async function openRun(settings: RunSettings): Promise<Run> {
  const folder = settings.outputDir;
  const made = missingAbove(folder);
  await create(folder);
  refuseOwnModel(settings);
  const lock = RunLock.take(folder);
  let begun = false;
  const close = () => {
    if (!begun) removeEmpty(made);
    lock[Symbol.dispose]();
  };
  try {
    await removeStale(folder);
    const notes: string[] = [];
    const resume = await choose(settings, notes);
    const id = resume?.manifest.run ?? crypto.randomUUID();
    const begin = async (recipe: string) => {
      begun = true;
      await replaceAfter(folder, resume?.step ?? -1);
      await replaceFile(`${folder}/run.yaml`, recipe);
    };
    return { folder, id, resume, notes, begin, [Symbol.dispose]: close };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * Checks that a run of these settings could begin in its folder, without creating or changing anything: the refusals of
 * `openRun`, but for those that only writing shows.
 */
export async function checkRun(settings: RunSettings): Promise<void> {
  const folder = settings.outputDir, [outermost] = missingAbove(folder).toReversed();
  const above = outermost === undefined ? folder : dirname(outermost);
  try {
    if (outermost === undefined && !(await Deno.stat(folder)).isDirectory) throw isFile(folder);
    accessSync(above, constants.W_OK);
  } catch (error) {
    throw error instanceof RecipeError ? error : cannotWrite(folder, error);
  }
  refuseOwnModel(settings);
  if (outermost === undefined) await choose(settings, []);
}

/** The folder and its parents that do not exist yet, innermost first. */
function missingAbove(folder: string): string[] {
  const missing: string[] = [];
  for (let path = resolve(folder); !existsSync(path); path = dirname(path)) missing.push(path);
  return missing;
}

/** Removes the folders that this run created, if they hold nothing but its lock. */
function removeEmpty(folders: string[]): void {
  try {
    for (const [i, folder] of folders.entries()) {
      if (i === 0) Deno.removeSync(`${folder}/.lock`);
      Deno.removeSync(folder);
    }
  } catch {
    // someone else put a file there, or it is already gone
  }
}

async function create(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
    const probe = await Deno.makeTempFile({ dir: folder, prefix: ".probe-" });
    await Deno.remove(probe);
  } catch (error) {
    const stat = await Deno.stat(folder).catch(() => undefined);
    throw stat && !stat.isDirectory ? isFile(folder) : cannotWrite(folder, error);
  }
}

const isFile = (folder: string) => new RecipeError(`Cannot use output_dir = "${folder}": it is a file; name a folder`);

const cannotWrite = (folder: string, error: unknown) =>
  new StorageError(`Cannot write into output_dir = "${folder}": ${reasonOf(error)}; choose a writable folder`);

function refuseOwnModel({ outputDir, modelNameOrPath, adapterNameOrPath = [] }: RunSettings): void {
  const folder = real(outputDir);
  for (const source of folder === undefined ? [] : [modelNameOrPath, ...adapterNameOrPath]) {
    if (source === undefined || real(source) !== folder) continue;
    throw new RecipeError(
      `Cannot use output_dir = "${outputDir}": the weights to start from are in it, and would be overwritten; ` +
        "choose another output_dir",
    );
  }
}

function real(path: string): string | undefined {
  try {
    return Deno.realPathSync(path);
  } catch {
    return undefined; // a model's name, not a folder
  }
}

async function choose(settings: RunSettings, notes: string[]): Promise<Checkpoint | undefined> {
  const { outputDir: folder, resumeFromCheckpoint: wish } = settings;
  const found = await listCheckpoints(folder);
  if (typeof wish === "string") {
    if (found.length && !settings.overwriteOutputDir && real(dirname(wish)) !== real(folder)) {
      throw new RecipeError(
        `Cannot resume from "${wish}" into "${folder}": that folder has checkpoints of its own; ` +
          "choose another output_dir or set overwrite_output_dir",
      );
    }
    const checkpoint = await named(wish);
    const later = found.filter(({ step }) => step > checkpoint.step).length;
    if (later) notes.push(`${later} later checkpoints in "${folder}" will be deleted once this run has saved its own`);
    return checkpoint;
  }
  if (wish !== true && (settings.overwriteOutputDir || wish === false && found.length)) {
    if (found.length) {
      notes.push(`Starting over in "${folder}": its checkpoints will be deleted once this run has saved its own`);
    }
    return undefined;
  }
  if (found.length === 0) {
    const weights = WEIGHTS.find((name) => exists(`${folder}/${name}`));
    if (wish) notes.push(`No checkpoint in "${folder}" yet: starting at step 0`);
    else if (weights) {
      throw new RecipeError(
        `Cannot train into "${folder}": it holds "${weights}" of an earlier run; ` +
          "choose another output_dir or set overwrite_output_dir",
      );
    }
    return undefined;
  }
  const { checkpoint, broken } = await newestCheckpoint(folder);
  if (!checkpoint) throw new CheckpointError(noneWhole(folder, broken));
  for (const { folder, reason } of broken) notes.push(`Skipping "${folder}": ${reason}`);
  notes.push(`Resuming from "${checkpoint.folder}"` + (wish ? "" : "; set overwrite_output_dir to start over"));
  return checkpoint;
}

async function named(folder: string): Promise<Checkpoint> {
  const wrong = (what: string) =>
    new CheckpointError(`Cannot resume from "${folder}": ${what}; --resume without a path finds the newest intact one`);
  if (!existsSync(folder)) throw wrong("there is no such folder");
  try {
    const manifest = await verify(folder);
    return { folder, step: manifest.step, manifest };
  } catch (error) {
    throw wrong((error as Error).message);
  }
}

function noneWhole(folder: string, broken: BrokenCheckpoint[]): string {
  const reasons = broken.map(({ folder, reason }) => `${folder.slice(folder.lastIndexOf("/") + 1)}: ${reason}`);
  return `Cannot resume from "${folder}": none of its checkpoints is intact (${reasons.join("; ")}); ` +
    "set overwrite_output_dir to start over";
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
