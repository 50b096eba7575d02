import { StorageError } from "../errors.ts";
import { type Checkpoint, prune, saveCheckpoint, type SaveOptions } from "./checkpoint.ts";
import { isStorageFailure, REMEDY } from "./failure.ts";
import { removeReplaced } from "./replaced.ts";
import { freeSpace, neededSpace } from "./space.ts";

const PATIENCE = 3; // consecutive failed saves that end the run

interface SaverOptions extends Omit<SaveOptions, "files" | "bytes"> {
  /** `save_total_limit`: checkpoints to keep. Default: all. */
  limit?: number;
  /** Gets a sentence for each failed save. */
  warn: (sentence: string) => void;
  /** Step of the checkpoint that the run resumed from: kept until a newer one is intact. */
  resumed?: number;
}

/**
 * Saves a run's checkpoints in the background, one at a time, and removes the old ones. A failed save affects neither
 * older checkpoints nor training; three in a row end the run with a `StorageError`.
 */
export class Saver {
  /** Step of the best checkpoint: never removed. */
  best?: number;
  #folder: string;
  #options: SaverOptions;
  #newest?: number;
  #inFlight: Promise<void> = Promise.resolve();
  #failures = 0;
  #fatal?: Error;

  constructor(folder: string, options: SaverOptions) {
    this.#folder = folder;
    this.#options = options;
    this.#newest = options.resumed;
  }

  /** Step of the newest checkpoint that is known to be intact. */
  get newest(): number | undefined {
    return this.#newest;
  }

  /** The error that must end the run, once there is one; `save` and `settle` throw it. */
  get fatal(): Error | undefined {
    return this.#fatal;
  }

  /**
   * Starts saving `checkpoint-<step>` once the previous save has ended. `files` runs in the background while training
   * continues, so it must write a snapshot. `bytes` is roughly how much it will write.
   */
  async save(step: number, files: SaveOptions["files"], bytes = 0): Promise<void> {
    await this.settle();
    this.#inFlight = this.#save(step, files, bytes);
  }

  /** Waits for the save in flight. Throws the error that must end the run, if there is one. */
  async settle(): Promise<void> {
    await this.#inFlight;
    if (this.#fatal) throw this.#fatal;
  }

  async #save(step: number, files: SaveOptions["files"], bytes: number): Promise<void> {
    try {
      await this.#makeRoom(bytes);
      const saved = await saveCheckpoint(this.#folder, step, { ...this.#options, files, bytes });
      this.#failures = 0;
      this.#newest = step;
      await this.#tidy(saved);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  // Before the new checkpoint is intact, only those beyond save_total_limit may be removed.
  async #makeRoom(bytes: number): Promise<void> {
    const { limit } = this.#options;
    if (!bytes || !limit || freeSpace(this.#folder) >= neededSpace(bytes)) return;
    await prune(this.#folder, Math.max(limit - 1, 1), this.#keep());
  }

  async #tidy(saved: Checkpoint): Promise<void> {
    try {
      if (this.#options.limit) await prune(this.#folder, this.#options.limit, this.#keep());
      await removeReplaced(this.#folder);
    } catch (error) {
      this.#options.warn(
        `Cannot remove older checkpoints after saving "${saved.folder}": ${(error as Error).message}; they are kept`,
      );
    }
  }

  #keep(): number[] {
    return [this.best, this.#newest].filter((step) => step !== undefined);
  }

  #fail(error: Error): void {
    if (!isStorageFailure(error)) {
      this.#fatal = error; // a bug, which a retry would repeat
      return;
    }
    this.#failures++;
    const what = error.message.replace(REMEDY, "");
    const older = this.#newest === undefined ? "no checkpoint is intact yet" : `checkpoint-${this.#newest} is intact`;
    if (this.#failures < PATIENCE) {
      this.#options.warn(
        `${what}; ${older}, training continues and will try again at the next save (failure ${this.#failures} of 3)`,
      );
    } else {
      this.#fatal = new StorageError(
        `${what}; this was the third failure in a row, ${older}; make room and continue with --resume`,
      );
    }
  }
}
