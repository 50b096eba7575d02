import { listCheckpoints } from "./checkpoint.ts";
import { processSuffix, syncFolder } from "./durable.ts";

const REPLACED = /^\.replaced-\d+-[0-9a-f]{8}$/;

/**
 * Moves the checkpoints after `step` into a folder `.replaced-…` next to them. A run that starts over, or resumes from an
 * older checkpoint, must not find them at its next resume, but they must survive until the run has saved its own.
 */
export async function replaceAfter(folder: string, step: number): Promise<number> {
  const later = (await listCheckpoints(folder)).filter((checkpoint) => checkpoint.step > step);
  if (later.length === 0) return 0;
  const away = `${folder}/.replaced-${processSuffix()}`;
  await Deno.mkdir(away);
  for (const checkpoint of later) await Deno.rename(checkpoint.folder, `${away}/checkpoint-${checkpoint.step}`);
  await syncFolder(away);
  await syncFolder(folder);
  return later.length;
}

/** Deletes what `replaceAfter` moved away, now that the run has a checkpoint of its own. */
export async function removeReplaced(folder: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (REPLACED.test(name)) await Deno.remove(`${folder}/${name}`, { recursive: true });
  }
}
