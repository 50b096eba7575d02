import { replaceFile } from "../run/durable.ts";

/**
 * An append-only file of JSON lines, one write per line. If a line cannot be written (the disk is full), what was written
 * of it is cut off and the line is written together with the next one: the file always holds whole lines.
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

/** The objects in a file of JSON lines, without torn lines (the last one after a kill); none if the file is missing. */
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

/** Keeps only the whole lines that `keep` accepts. The file is replaced atomically. */
export async function cutLines(path: string, keep: (line: Record<string, unknown>) => boolean): Promise<void> {
  const kept = (await readLines(path)).filter(keep);
  await replaceFile(path, kept.map((line) => JSON.stringify(line) + "\n").join(""));
}
