import { type Document, type Documents, DocumentsBuilder } from "./documents.ts";
import type { Rows } from "./rows.ts";

/** Collects encoded rows one after another; memory grows by doubling. */
export class RowsBuilder {
  readonly #documents = new DocumentsBuilder();
  readonly #starts = [0];
  readonly #tags = new Map<string, number[]>();

  /**
   * Adds a row.
   *
   * @param tags numbers of this row; every row must have the same names. Throws where it does not
   */
  add(documents: readonly Document[], tags: Readonly<Record<string, number>> = {}): void {
    const names = Object.keys(tags), count = this.#starts.length - 1;
    if (count === 0) names.forEach((name) => this.#tags.set(name, []));
    if (names.length !== this.#tags.size || !names.every((name) => this.#tags.has(name))) {
      throw new Error(
        `Cannot add row ${count}: its tags are ${listed(names)}, and those of the rows before it are ` +
          `${listed([...this.#tags.keys()])}; give every row the same tags`,
      );
    }
    for (const { ids, labels } of documents) this.#documents.add(ids, labels);
    this.#starts.push(this.#documents.count);
    for (const name of names) this.#tags.get(name)!.push(tags[name]);
  }

  /** Everything that was added, in arrays of exactly its size. */
  build(): { documents: Documents; rows: Rows } {
    const tags = Array.from(this.#tags, ([name, values]) => [name, Float32Array.from(values)]);
    return {
      documents: this.#documents.build(),
      rows: {
        members: Int32Array.from({ length: this.#documents.count }, (_, i) => i),
        starts: Int32Array.from(this.#starts),
        tags: Object.fromEntries(tags),
      },
    };
  }
}

const listed = (names: readonly string[]) => names.length === 0 ? "none" : names.map((name) => `"${name}"`).join(", ");
