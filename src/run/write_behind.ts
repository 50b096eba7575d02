import type { FileHandle } from "node:fs/promises";
import { crashPoint } from "./crash.ts";

const AHEAD = 8; // pieces on their way to the disk at once

/**
 * Writes the pieces of a file in order, without waiting for each. A save shares its thread with training and runs only
 * between steps: a writer that waited for every piece of 8 MiB would write one piece per step.
 *
 * Pieces are copied, because the caller may reuse their memory for the next one.
 */
export class WriteBehind {
  #file: FileHandle;
  #at = 0;
  #flying = new Set<Promise<void>>();
  #error?: unknown;

  constructor(file: FileHandle) {
    this.#file = file;
  }

  /** Queues the next piece. Throws if an earlier one failed. */
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

  /** Waits until every piece is written. Throws if one failed. */
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
