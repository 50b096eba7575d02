import { type Batch, batchOf } from "./batch.ts";
import { type Document, type Documents, learnedOf, lengthOf } from "./documents.ts";
import { oneEach, rowCount, type Rows, selectTags } from "./rows.ts";

/**
 * A set to train or evaluate on: encoded documents, and rows that each hold one document or several. Several are a pack,
 * or what belongs together, such as the two answers of a pair. Rows are what is shuffled and what a batch size counts.
 */
export class EncodedSet {
  readonly #documents: Documents;
  readonly #rows: Rows;
  #learned: number | undefined;
  #tokens: number | undefined;

  /**
   * @param documents what is encoded
   * @param rows the documents of each row
   * @param fingerprint a hash of everything that determines the content
   */
  constructor(documents: Documents, rows: Rows, readonly fingerprint: string) {
    this.#documents = documents;
    this.#rows = rows;
  }

  /** How many rows there are: examples, or packs of examples. */
  get rows(): number {
    return rowCount(this.#rows);
  }

  /** How many documents the rows hold together; one used twice counts twice. */
  get documents(): number {
    return this.#rows.members.length;
  }

  /** Tokens in all rows. */
  get tokens(): number {
    return this.#tokens ??= this.#sum(lengthOf, this.#rows.members);
  }

  /** Tokens in all rows that are learned. */
  get learned(): number {
    return this.#learned ??= this.#sum(learnedOf, this.#rows.members);
  }

  /** The highest token id in all rows; -1 where there is none. */
  get highestId(): number {
    let highest = -1;
    for (const d of this.#rows.members) {
      for (const id of this.document(d).ids) if (id > highest) highest = id;
    }
    return highest;
  }

  /** Length of a row in tokens. */
  lengthOf(row: number): number {
    return this.#sum(lengthOf, this.documentsOf(row));
  }

  /** Tokens of a row that are learned. */
  learnedOf(row: number): number {
    return this.#sum(learnedOf, this.documentsOf(row));
  }

  /** Numbers of the documents in a row. */
  documentsOf(row: number): Int32Array {
    return this.#rows.members.subarray(this.#rows.starts[row], this.#rows.starts[row + 1]);
  }

  /** Ids and unshifted labels of a document: views, not copies. */
  document(document: number): Document {
    const { ids, labels, offsets } = this.#documents;
    return {
      ids: ids.subarray(offsets[document], offsets[document + 1]),
      labels: labels.subarray(offsets[document], offsets[document + 1]),
    };
  }

  /** The given rows as a batch, in the given order. */
  batch(rows: ArrayLike<number>): Batch {
    const documents = Array.from(rows, (row) => Array.from(this.documentsOf(row), (d) => this.document(d)));
    return batchOf(documents, selectTags(this.#rows.tags, rows));
  }

  /** The parts of which a file of the set is made. */
  parts(): { documents: Documents; rows: Rows } {
    return { documents: this.#documents, rows: this.#rows };
  }

  #sum(of: (documents: Documents, document: number) => number, documents: Int32Array): number {
    let sum = 0;
    for (const d of documents) sum += of(this.#documents, d);
    return sum;
  }
}

/** A set without rows. */
export function emptySet(): EncodedSet {
  const documents = { ids: new Int32Array(0), labels: new Int32Array(0), offsets: new Float64Array(1) };
  return new EncodedSet(documents, oneEach(new Int32Array(0)), "");
}
