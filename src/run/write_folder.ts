import { basename, dirname, resolve } from "node:path";
import type { Written } from "../safetensors/mod.ts";
import { crashPoint } from "./crash.ts";
import { syncFolder, temporaryName } from "./durable.ts";
import { writeError } from "./failure.ts";
import { removeStale } from "./trash.ts";
import { FolderWriter } from "./writer.ts";

interface WriteFolderOptions {
  /**
   * Names of older files that must not stay next to the new ones, such as other shards of a model. They are removed last.
   * Default: none.
   */
  supersedes?: RegExp;
}

/**
 * Writes the files of an export or of a run's final model so that no file is ever half-written under its name.
 *
 * A new folder appears at once with everything in it. In an existing folder, the finished and synced files are renamed
 * into place one by one, in the order in which `files` wrote them; other files stay.
 */
export async function writeFolder(
  folder: string,
  files: (writer: FolderWriter) => Promise<void>,
  { supersedes }: WriteFolderOptions = {},
): Promise<Record<string, Written>> {
  const parent = dirname(resolve(folder));
  await Deno.mkdir(parent, { recursive: true });
  await removeStale(parent, basename(folder));
  const exists = await Deno.stat(folder).then(() => true, () => false);
  if (exists) await removeStale(folder, FILES);
  // Inside an existing folder, which may be a mount: a rename cannot cross file systems.
  const temporary = temporaryName(exists ? `${folder}/${FILES}` : resolve(folder));
  const writer = new FolderWriter(temporary);
  try {
    await Deno.mkdir(temporary, { mode: 0o755 });
    await files(writer);
    await writer.sync();
    crashPoint("before-rename");
    if (exists) await moveInto(folder, temporary, Object.keys(writer.files));
    else await Deno.rename(temporary, folder);
    crashPoint("after-rename");
    await syncFolder(exists ? folder : parent);
    if (exists && supersedes) await removeOthers(folder, supersedes, writer.files);
    return writer.files;
  } catch (error) {
    throw writeError(`${folder}/${writer.writing}`, error, parent);
  } finally {
    await Deno.remove(temporary, { recursive: true }).catch(() => {}); // renamed, or the next start removes it
  }
}

const FILES = ".files";

async function moveInto(folder: string, temporary: string, names: string[]): Promise<void> {
  for (const name of names) {
    await Deno.mkdir(dirname(`${folder}/${name}`), { recursive: true });
    await Deno.rename(`${temporary}/${name}`, `${folder}/${name}`);
    crashPoint("file-renamed");
  }
}

async function removeOthers(folder: string, supersedes: RegExp, files: Record<string, Written>): Promise<void> {
  for await (const { name, isFile } of Deno.readDir(folder)) {
    if (isFile && supersedes.test(name) && !(name in files)) await Deno.remove(`${folder}/${name}`);
  }
}
