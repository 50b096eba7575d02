import type { FileHandle } from "node:fs/promises";
import { crashPoint } from "./crash.ts";

const AHEAD = 8; // pieces on their way to the disk at once

/**
 * Writes pieces to a file one after the other without waiting for each. A save shares its thread with training, which
 * lets it have a turn only between two steps: a writer that waits for every piece of 8 MiB gets one piece a step on disk.
 *
 * Pieces are copied, because whoever hands them over may fill the same memory with the next one.
 */
export class WriteBehind {
  #file: FileHandle;
  #at = 0;
  #flying = new Set<Promise<void>>();
  #error?: unknown;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Takes the next piece. Throws what an earlier one met. */
  async write(piece: Uint8Array): Promise<number> {
    while (this.#flying.size >= AHEAD) await Promise.race(this.#flying);
    this.#rethrow();
    const flight = this.#put(piece.slice(), this.#at).catch((error) => {
      this.#error ??= error;
    }).finally(() => this.#flying.delete(flight));
    this.#flying.add(flight);
    this.#at += piece.byteLength;
    return piece.byteLength;
  }

  /** Waits until the system has taken every piece. Throws what one of them met. */
  async settle(): Promise<void> {
    await Promise.all(this.#flying);
    this.#rethrow();
  }

  async #put(piece: Uint8Array, at: number): Promise<void> {
    for (let done = 0; done < piece.byteLength;) {
      const { bytesWritten } = await this.#file.write(piece, done, piece.byteLength - done, at + done);
      done += bytesWritten;
    }
    crashPoint("piece");
  }

  #rethrow(): void {
    if (this.#error) throw this.#error;
  }
}
