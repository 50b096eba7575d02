import { replaceFile } from "../run/durable.ts";

/**
 * A file of JSON lines that only grows, one write a line. A line that cannot be written (a full disk) waits for the next
 * one, and what was written of it is cut off, so that the file holds whole lines even then.
 */
export class LineFile implements Disposable {
  #file: Deno.FsFile;
  #length: number;
  #waiting = "";

  constructor(path: string) {
    this.#file = Deno.openSync(path, { append: true, create: true });
    this.#length = this.#file.statSync().size;
  }

  /** Adds one line; `text` has no line break. */
  append(text: string): void {
    this.#waiting += text + "\n";
    const bytes = new TextEncoder().encode(this.#waiting);
    try {
      if (this.#file.writeSync(bytes) !== bytes.length) throw new Deno.errors.WriteZero("the disk took part of a line");
    } catch {
      this.#file.truncateSync(this.#length);
      return;
    }
    this.#length += bytes.length;
    this.#waiting = "";
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** The objects of a file of JSON lines; a torn line (the last one after a kill) and a missing file count as nothing. */
export async function readLines(path: string): Promise<Record<string, unknown>[]> {
  const text = await Deno.readTextFile(path).catch(() => "");
  return text.split("\n").flatMap((line) => {
    try {
      const value = JSON.parse(line);
      return typeof value === "object" && value !== null ? [value] : [];
    } catch {
      return [];
    }
  });
}

/** Keeps the lines that `keep` says, and whole ones only; the file is replaced at once. */
export async function cutLines(path: string, keep: (line: Record<string, unknown>) => boolean): Promise<void> {
  const kept = (await readLines(path)).filter(keep);
  await replaceFile(path, kept.map((line) => JSON.stringify(line) + "\n").join(""));
}
