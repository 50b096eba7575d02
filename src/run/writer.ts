import { dirname } from "node:path";
import { type TensorSource, writeSafetensors, type Written } from "../safetensors/mod.ts";
import { createDurably, syncFolder, writeDurably } from "./durable.ts";

/**
 * Writes the files of one checkpoint or export into its temporary folder, each synced and hashed. A name may contain a
 * folder: `reward/adapter_config.json`.
 */
export class FolderWriter {
  /** Lengths and hashes of the files so far, by name. */
  readonly files: Record<string, Written> = {};
  /** Name of the file being written, or written last, for error messages. */
  writing = "";
  #folders = new Set<string>();

  /** `folder` must exist when the first file is written. */
  constructor(readonly folder: string) {}

  /** A JSON file with indent 2; NaN and infinities become strings. */
  json(name: string, value: unknown): Promise<void> {
    return this.bytes(name, stringifyNumbers(value, 2) + "\n");
  }

  /** A file of exactly these bytes, or of this text in UTF-8. */
  async bytes(name: string, data: Uint8Array | string): Promise<void> {
    const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
    this.files[name] = await writeDurably(await this.#place(name), bytes);
  }

  /** A copy of the file `from`, such as a tokenizer's. */
  async copy(name: string, from: string): Promise<void> {
    await this.bytes(name, await Deno.readFile(from));
  }

  /** A safetensors file. The tensors' bytes must not change until the promise resolves. */
  async safetensors(
    name: string,
    tensors: Iterable<readonly [string, TensorSource]>,
    metadata: Record<string, string> = { format: "pt" },
  ): Promise<void> {
    this.files[name] = await createDurably(await this.#place(name), (sink, reserve) => {
      let reserved = false;
      return writeSafetensors(sink, tensors, metadata, (_, total) => { // the whole length is known with the first piece
        if (!reserved) reserve(total);
        reserved = true;
      });
    });
  }

  /** Syncs the folders, so that the files' names survive a power cut. */
  async sync(): Promise<void> {
    for (const folder of [...this.#folders, "."]) await syncFolder(`${this.folder}/${folder}`);
  }

  async #place(name: string): Promise<string> {
    this.writing = name;
    if (name in this.files) throw new TypeError(`Cannot write "${name}": it was already written`);
    const folder = dirname(name);
    if (folder !== "." && !this.#folders.has(folder)) {
      await Deno.mkdir(`${this.folder}/${folder}`, { recursive: true });
      this.#folders.add(folder);
    }
    return `${this.folder}/${name}`;
  }
}

/**
 * JSON that keeps NaN and infinities, as the strings "NaN", "Infinity", "-Infinity": valid JSON, and `float(x)` in Python
 * and `Number(x)` in JavaScript both give the number back. A loss of NaN must not turn into null.
 */
export function stringifyNumbers(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_, x) => typeof x === "number" && !Number.isFinite(x) ? String(x) : x, indent);
}

/** Turns the three strings of `stringifyNumbers` back into numbers. */
export function reviveNumber(value: unknown): unknown {
  return value === "NaN" || value === "Infinity" || value === "-Infinity" ? Number(value) : value;
}
