import type { Inside } from "./inside.ts";

const AGAIN = 200; // milliseconds between two looks at a lock that another process holds

/**
 * A lock between processes on a file, of the kind that Python's huggingface_hub takes (flock), so that both wait for each
 * other. The kernel releases it when the process ends, however it ends; the file stays.
 */
export class Lock implements Disposable {
  private constructor(private readonly file: Deno.FsFile) {}

  /** Takes the lock; `onWait` is told once if another process has it. Where the disk knows no locks, nobody waits. */
  static async take(inside: Inside, path: string, onWait: () => void = () => {}): Promise<Lock> {
    for (let told = false;; told = true) {
      await (await inside.open(path)).close(); // makes it, and follows no link
      const file = await Deno.open(path, { read: true, write: true });
      if (isFree(file) && isSame(file, path)) return new Lock(file);
      file.close();
      if (!told) onWait();
      await new Promise((done) => setTimeout(done, AGAIN));
    }
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

function isFree(file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    return true; // a file system without locks: what is written is the same, whoever writes it
  }
}

/** Whether the open file is still the one of that name: whoever had the lock may have removed it. */
function isSame(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.statSync(path).ino;
  } catch {
    return false;
  }
}
