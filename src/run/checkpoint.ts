import { crashPoint } from "./crash.ts";
import { syncFolder, temporaryName } from "./durable.ts";
import { writeError } from "./failure.ts";
import { type Facts, type Manifest, verify, writeManifest } from "./manifest.ts";
import { demandSpace } from "./space.ts";
import { takeAway } from "./trash.ts";
import { FolderWriter } from "./writer.ts";

/** A checkpoint whose files match its manifest. */
export interface Checkpoint {
  folder: string;
  step: number;
  manifest: Manifest;
}

/** A folder named like a checkpoint whose files do not match a manifest. */
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
  /** Roughly how many bytes `files` will write; compared with the free space first. Default 0: no check. */
  bytes?: number;
}

/**
 * Writes `checkpoint-<step>` into `folder` so that a kill, a power cut or a full disk at any instant leaves either the
 * whole checkpoint or none under that name:
 *
 *     mkdir checkpoint-N.tmp-…  ->  write + sync each file  ->  manifest.json last, synced
 *       ->  sync the folder  ->  rename to checkpoint-N  ->  sync the parent
 *
 * On any error the temporary folder is removed and the error is thrown, as a `StorageError` if the disk is to blame; older
 * checkpoints are never touched. A checkpoint of the same step from an earlier attempt is replaced. On NFS the rename is
 * atomic, but syncing a folder may do nothing: if the server loses power, the newest checkpoint may be lost, and a resume
 * takes the one before it.
 */
export async function saveCheckpoint(folder: string, step: number, options: SaveOptions): Promise<Checkpoint> {
  const final = `${folder}/checkpoint-${step}`;
  if (options.bytes) demandSpace(folder, options.bytes, final);
  const temporary = temporaryName(final);
  const writer = new FolderWriter(temporary);
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
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // the next start removes what remains
    throw writeError(`${final}/${writer.writing}`, error, folder);
  }
}

/** All folders `checkpoint-<step>` of a run, the newest first. They are not verified. */
export async function listCheckpoints(folder: string): Promise<{ folder: string; step: number }[]> {
  const found: { folder: string; step: number }[] = [];
  for await (const entry of Deno.readDir(folder)) {
    const step = entry.isDirectory && entry.name.match(/^checkpoint-(\d+)$/)?.[1];
    if (step) found.push({ folder: `${folder}/${entry.name}`, step: Number(step) });
  }
  return found.sort((a, b) => b.step - a.step);
}

/**
 * The newest checkpoint of a run whose files all have the lengths and hashes in its manifest, and the newer ones whose
 * files do not, each with the reason. Reads every byte of the checkpoint once.
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

/**
 * Removes the oldest checkpoints of a run until `limit` are left. Those of the steps in `keep` (the best, the newest that
 * is known to be intact) stay and count: as in HF Trainer, `limit = 1` with a best that is not the newest leaves two.
 */
export async function prune(folder: string, limit: number, keep: Iterable<number>): Promise<void> {
  const kept = new Set(keep);
  const all = await listCheckpoints(folder);
  let surplus = all.length - limit;
  for (const checkpoint of all.reverse()) {
    if (surplus <= 0) return;
    if (kept.has(checkpoint.step)) continue;
    await takeAway(checkpoint.folder);
    surplus--;
  }
}
