import { basename, dirname } from "node:path";
import { crashPoint } from "./crash.ts";
import { processSuffix, syncFolder } from "./durable.ts";

/**
 * Removes a folder in two steps: renames it to `.trash-…`, which is atomic, then deletes it. A kill in between leaves
 * trash, which the next start removes. Does nothing if there is no such folder.
 */
export async function takeAway(folder: string): Promise<void> {
  const trash = `${dirname(folder)}/.trash-${basename(folder)}-${processSuffix()}`;
  crashPoint("before-trash");
  try {
    await Deno.rename(folder, trash);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  await syncFolder(dirname(folder));
  crashPoint("after-trash");
  await removeTrash(trash);
}

async function removeTrash(trash: string): Promise<void> {
  for await (const entry of Deno.readDir(trash)) {
    await Deno.remove(`${trash}/${entry.name}`, { recursive: true });
    crashPoint("trash-half-deleted");
  }
  await Deno.remove(trash);
}

/**
 * Removes the temporary folders and trash in `folder` whose process is gone, and returns their names. With `of`, only the
 * temporary copies of that name.
 */
export async function removeStale(folder: string, of = ""): Promise<string[]> {
  const removed: string[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    const pid = name.match(/(?:\.tmp|^\.trash-.+)-(\d+)-[0-9a-f]{8}$/)?.[1];
    if (!pid || (of && !name.startsWith(`${of}.tmp-`)) || await alive(Number(pid))) continue;
    crashPoint("clean-up");
    await Deno.remove(`${folder}/${name}`, { recursive: true });
    removed.push(name);
  }
  return removed;
}

/** True while another process with this id runs on this machine. This process has written nothing before it cleans up. */
async function alive(pid: number): Promise<boolean> {
  if (pid === Deno.pid) return false;
  return await Deno.stat(`/proc/${pid}`).then(() => true, () => false);
}
