import { crashPoint } from "./crash.ts";
import { syncFolder, temporaryName } from "./durable.ts";
import { writeError } from "./failure.ts";
import { type Facts, type Manifest, verify, writeManifest } from "./manifest.ts";
import { demandSpace } from "./space.ts";
import { takeAway } from "./trash.ts";
import { FolderWriter, type SafetensorsWriter } from "./writer.ts";

/** A checkpoint that verified. */
export interface Checkpoint {
  folder: string;
  step: number;
  manifest: Manifest;
}

/** A folder that is called a checkpoint and is none. */
export interface BrokenCheckpoint {
  folder: string;
  /** `"model.safetensors" is missing` */
  reason: string;
}

/** What `saveCheckpoint` needs besides the folder and the step. */
export interface SaveOptions {
  /** Writes all files except the manifest. */
  files: (writer: FolderWriter) => Promise<void>;
  facts: Omit<Facts, "step">;
  /** About how many bytes `files` will write; the disk is asked for them first. Default 0: not asked. */
  bytes?: number;
  writeSafetensors?: SafetensorsWriter;
}

/**
 * Writes `checkpoint-<step>` into `folder` so that a kill, a power cut or a full disk at any instant leaves either the
 * whole checkpoint or none under that name:
 *
 *     mkdir checkpoint-N.tmp-…  ->  write + sync each file  ->  manifest.json last, synced
 *       ->  sync the folder  ->  rename to checkpoint-N  ->  sync the parent
 *
 * On any error the temporary folder is removed and the error is thrown, a `StorageError` when it is the disk's; older checkpoints are never touched. A
 * checkpoint of the same step, left by an earlier attempt, is replaced. On NFS the rename is atomic, but syncing a
 * folder may do nothing: there a power cut of the server can cost the newest checkpoint, and then the one before is taken.
 */
export async function saveCheckpoint(folder: string, step: number, options: SaveOptions): Promise<Checkpoint> {
  const final = `${folder}/checkpoint-${step}`;
  if (options.bytes) demandSpace(folder, options.bytes, final);
  const temporary = temporaryName(final);
  const writer = new FolderWriter(temporary, options.writeSafetensors);
  crashPoint("before-folder");
  try {
    await Deno.mkdir(temporary, { mode: 0o755 });
    crashPoint("after-folder");
    await options.files(writer);
    crashPoint("before-manifest");
    await writeManifest(temporary, { step, ...options.facts }, writer.files);
    crashPoint("before-folder-sync");
    await writer.sync();
    crashPoint("before-rename");
    await takeAway(final);
    await Deno.rename(temporary, final);
    crashPoint("after-rename");
    await syncFolder(folder);
    crashPoint("after-parent-sync");
    return { folder: final, step, manifest: { format: 1, step, ...options.facts, files: writer.files } };
  } catch (error) {
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // the next start removes what is left
    throw writeError(`${final}/${writer.writing}`, error, folder);
  }
}

/** All folders `checkpoint-<step>` of a run, the newest first. Nothing is said about whether they are whole. */
export async function listCheckpoints(folder: string): Promise<{ folder: string; step: number }[]> {
  const found: { folder: string; step: number }[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const step = entry.isDirectory && entry.name.match(/^checkpoint-(\d+)$/)?.[1];
    if (step) found.push({ folder: `${folder}/${entry.name}`, step: Number(step) });
  }
  return found.sort((a, b) => b.step - a.step);
}

/**
 * The newest checkpoint of a run whose every file has the length and hash of its manifest, and the newer ones that do
 * not, each with the reason. Reads all bytes of the checkpoint once.
 */
export async function newestCheckpoint(
  folder: string,
): Promise<{ checkpoint?: Checkpoint; broken: BrokenCheckpoint[] }> {
  const broken: BrokenCheckpoint[] = [];
  for (const candidate of await listCheckpoints(folder)) {
    try {
      return { checkpoint: { ...candidate, manifest: await verify(candidate.folder, candidate.step) }, broken };
    } catch (error) {
      broken.push({ folder: candidate.folder, reason: (error as Error).message });
    }
  }
  return { broken };
}
