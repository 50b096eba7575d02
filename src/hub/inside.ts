import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { StorageError } from "../errors.ts";
import { Lock } from "../net/mod.ts";
import { temporaryName } from "../run/durable.ts";

/**
 * A folder that nothing is written outside of: links in it that lead elsewhere are not followed, whoever put them there. The
 * folder itself may be a link, as caches on a larger disk often are.
 */
export class Inside {
  private constructor(readonly root: string, private readonly real: string) {}

  /** @throws {StorageError} The folder cannot be made. */
  static async make(root: string): Promise<Inside> {
    await Deno.mkdir(root, { recursive: true }).catch((error) => {
      throw new StorageError(
        `Cannot keep downloads in "${root}": the system says "${error.message}"; choose another folder with cache_dir`,
      );
    });
    return new Inside(root, await Deno.realPath(root));
  }

  /** Makes the folder at `path` if it is not there, and returns it. */
  async folder(path: string): Promise<string> {
    let at = this.root;
    for (const part of relative(this.root, path).split("/").filter((name) => name !== "")) {
      at = join(at, part);
      await Deno.mkdir(at).catch((error) => {
        if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
      });
      const info = await Deno.lstat(at);
      if (info.isSymlink && !await this.has(at)) throw leaves(at);
    }
    return at;
  }

  /** Opens a file to read and write. A link in its place is replaced, not followed. */
  async open(path: string): Promise<FileHandle> {
    await this.folder(dirname(path));
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    return await open(path, flags, 0o666).catch(async (error) => {
      if (error.code !== "ELOOP") throw error;
      await Deno.remove(path); // the link, not what it leads to
      return await open(path, flags | constants.O_EXCL, 0o666);
    });
  }

  /** Waits for the lock on the file at `path`, which is made if it is not there; `onWait` is called once if it is taken. */
  lock(path: string, onWait?: () => void): Promise<Lock> {
    return Lock.take(path, onWait, async () => await (await this.open(path)).close());
  }

  /** Writes a small file completely, or not at all. */
  async write(path: string, text: string): Promise<void> {
    await this.folder(dirname(path));
    const temporary = temporaryName(path);
    await Deno.writeTextFile(temporary, text, { createNew: true });
    await Deno.rename(temporary, path);
  }

  /** Makes `path` a relative link to `target`, or a copy of it on disks without links. */
  async link(path: string, target: string): Promise<void> {
    await this.folder(dirname(path));
    const temporary = temporaryName(path);
    await Deno.symlink(relative(dirname(path), target), temporary).catch(() => Deno.copyFile(target, temporary));
    await Deno.rename(temporary, path);
  }

  /** Whether there is something at `path` that is in the folder once all links are followed. */
  async has(path: string): Promise<boolean> {
    const real = await Deno.realPath(path).catch(() => undefined);
    return real !== undefined && (real + "/").startsWith(this.real + "/");
  }
}

function leaves(path: string): StorageError {
  return new StorageError(
    `Cannot write into "${path}": it is a link that leads out of the cache; remove it, or choose another cache_dir`,
  );
}
