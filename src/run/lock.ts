import { FtxError } from "../errors.ts";

/**
 * Keeps two runs out of one folder: a lock on its file `.lock`, which the kernel releases when the process ends, however
 * it ends. The file itself stays, because removing it would let two runs lock two files of the same name; only a run that
 * never began takes its new folder away with the file in it, and who waited at that file has locked nothing.
 */
export class RunLock implements Disposable {
  #file: Deno.FsFile;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Takes the lock or throws one sentence with the number of the process that holds it. */
  static take(folder: string): RunLock {
    const file = Deno.openSync(`${folder}/.lock`, { read: true, write: true, create: true });
    if (!file.tryLockSync(true) || !isSame(file, `${folder}/.lock`)) {
      file.close();
      throw new FtxError(
        `Cannot train into "${folder}": ${holder(folder)} writes there; wait for it or choose another output_dir`,
      );
    }
    file.truncateSync(0);
    file.writeSync(new TextEncoder().encode(JSON.stringify({ pid: Deno.pid, host: Deno.hostname() }) + "\n"));
    return new RunLock(file);
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Whether the open file is still the one of that name. */
function isSame(file: Deno.FsFile, path: string): boolean {
  try {
    return file.statSync().ino === Deno.statSync(path).ino;
  } catch {
    return false; // its folder was taken away in between
  }
}

function holder(folder: string): string {
  try {
    const { pid, host } = JSON.parse(Deno.readTextFileSync(`${folder}/.lock`));
    return `process ${pid}` + (host === Deno.hostname() ? "" : ` on ${host}`);
  } catch {
    return "another run"; // it has not written its number yet
  }
}
