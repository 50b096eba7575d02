const AGAIN = 200; // milliseconds between two tries of a lock that is taken

/**
 * A lock between processes on a file (flock, which Python's huggingface_hub uses too). The kernel releases it when the
 * process ends, however it ends. The file stays: removing it would let two processes lock two files of the same name.
 */
export class Lock implements Disposable {
  private constructor(readonly file: Deno.FsFile) {}

  /**
   * Waits for the lock.
   *
   * @param onWait called once if another process holds it
   * @param prepare called before each try; makes the file, where that takes more than opening it
   */
  static async take(path: string, onWait = () => {}, prepare = () => Promise.resolve()): Promise<Lock> {
    for (let told = false;; told = true) {
      await prepare();
      const lock = Lock.tryTake(path);
      if (lock !== undefined) return lock;
      if (!told) onWait();
      await new Promise((done) => setTimeout(done, AGAIN));
    }
  }

  /** The lock, or undefined if another process holds it. On a file system without locks everyone gets it. */
  static tryTake(path: string): Lock | undefined {
    const file = Deno.openSync(path, { read: true, write: true, create: true });
    if (isFree(file) && isSame(file, path)) return new Lock(file);
    file.close();
  }

  [Symbol.dispose](): void {
    this.file.close();
  }
}

function isFree(file: Deno.FsFile): boolean {
  try {
    return file.tryLockSync(true);
  } catch {
    return true; // a file system without locks
  }
}

/** Whether the path still leads to the open file: whoever held the lock may have removed it. */
function isSame(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.statSync(path).ino;
  } catch {
    return false;
  }
}
