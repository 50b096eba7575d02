import { FtxError } from "../errors.ts";
import { Lock } from "../net/lock.ts";

/**
 * Keeps two runs from sharing a folder: a lock on its file `.lock`. A run that never began removes the folder it created,
 * with the file in it; a run that waited at that file then has no lock.
 */
export class RunLock implements Disposable {
  private constructor(readonly lock: Lock) {}

  /** Takes the lock, or throws an error that names the process that holds it. */
  static take(folder: string): RunLock {
    const lock = Lock.tryTake(`${folder}/.lock`);
    if (lock === undefined) {
      throw new FtxError(
        `Cannot train into "${folder}": ${holder(folder)} is writing there; wait for it or choose another output_dir`,
      );
    }
    lock.file.truncateSync(0);
    lock.file.writeSync(new TextEncoder().encode(JSON.stringify({ pid: Deno.pid, host: Deno.hostname() }) + "\n"));
    return new RunLock(lock);
  }

  [Symbol.dispose](): void {
    this.lock[Symbol.dispose]();
  }
}

function holder(folder: string): string {
  try {
    const { pid, host } = JSON.parse(Deno.readTextFileSync(`${folder}/.lock`));
    return `process ${pid}` + (host === Deno.hostname() ? "" : ` on ${host}`);
  } catch {
    return "another run"; // it has not written its process id yet
  }
}
