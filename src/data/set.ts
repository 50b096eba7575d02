import { type Batch, IGNORED } from "./batch.ts";
import { type Documents, learnedOf } from "./documents.ts";

/**
 * A set ready to be trained or evaluated on: encoded documents, and rows that each hold one document or, packed,
 * several. Rows are what is shuffled and what a batch size counts.
 */
export class EncodedSet {
  readonly #documents: Documents;
  readonly #members: Int32Array;
  readonly #rowStarts: Int32Array;
  #learned: number | undefined;
  #tokens: number | undefined;

  /**
   * @param documents what is encoded
   * @param rows      the documents of each row; several in a row are a pack
   * @param fingerprint a hash of everything that determines the content
   */
  constructor(documents: Documents, rows: Rows, readonly fingerprint: string) {
    this.#documents = documents;
    this.#members = rows.members;
    this.#rowStarts = rows.starts;
  }

  /** How many rows there are: examples, or packs of examples. */
  get rows(): number {
    return this.#rowStarts.length - 1;
  }

  /** How many documents the rows hold together; one used twice counts twice. */
  get documents(): number {
    return this.#members.length;
  }

  /** Tokens in all rows. */
  get tokens(): number {
    return this.#tokens ??= this.#sum((d) => this.#documents.offsets[d + 1] - this.#documents.offsets[d]);
  }

  /** Tokens in all rows that are learned. */
  get learned(): number {
    return this.#learned ??= this.#sum((d) => learnedOf(this.#documents, d));
  }

  /** The highest token id in all rows; -1 where there is none. */
  get highestId(): number {
    let highest = -1;
    for (const d of this.#members) {
      for (const id of this.document(d).ids) if (id > highest) highest = id;
    }
    return highest;
  }

  /** Length of a row in tokens. */
  lengthOf(row: number): number {
    let length = 0;
    for (const d of this.documentsOf(row)) length += this.#documents.offsets[d + 1] - this.#documents.offsets[d];
    return length;
  }

  /** Numbers of the documents in a row. */
  documentsOf(row: number): Int32Array {
    return this.#members.subarray(this.#rowStarts[row], this.#rowStarts[row + 1]);
  }

  /** Ids and unshifted labels of a document: views, not copies. */
  document(document: number): { ids: Int32Array; labels: Int32Array } {
    const { ids, labels, offsets } = this.#documents;
    return {
      ids: ids.subarray(offsets[document], offsets[document + 1]),
      labels: labels.subarray(offsets[document], offsets[document + 1]),
    };
  }

  /** Lays the given rows end to end, labels shifted inside each document. */
  batch(rows: ArrayLike<number>): Batch {
    const documents = Array.from(rows).flatMap((row) => Array.from(this.documentsOf(row)));
    const starts = new Int32Array(documents.length + 1);
    documents.forEach((d, i) => starts[i + 1] = starts[i] + this.document(d).ids.length);
    const length = starts[documents.length];
    const batch = {
      ids: new Int32Array(length),
      labels: new Int32Array(length).fill(IGNORED),
      positions: new Int32Array(length),
    };
    let learned = 0;
    documents.forEach((d, i) => {
      const { ids, labels } = this.document(d);
      batch.ids.set(ids, starts[i]);
      for (let t = 0; t < ids.length; t++) {
        batch.positions[starts[i] + t] = t;
        if (t === 0) continue;
        batch.labels[starts[i] + t - 1] = labels[t];
        if (labels[t] !== IGNORED) learned++;
      }
    });
    return { ...batch, starts, learned, rows: rows.length };
  }

  /** The parts, for whoever writes the set to disk. */
  parts(): { documents: Documents; rows: Rows } {
    return { documents: this.#documents, rows: { members: this.#members, starts: this.#rowStarts } };
  }

  #sum(of: (document: number) => number): number {
    let sum = 0;
    for (const d of this.#members) sum += of(d);
    return sum;
  }
}

/** A set without rows. */
export function emptySet(): EncodedSet {
  const documents = { ids: new Int32Array(0), labels: new Int32Array(0), offsets: new Float64Array(1) };
  return new EncodedSet(documents, oneEach(new Int32Array(0)), "");
}

/** Which documents make up each row. */
export interface Rows {
  /** Documents, row after row. */
  readonly members: Int32Array;
  /** Where each row begins in `members` [rows + 1]. */
  readonly starts: Int32Array;
}

/** One document a row, in the given order. */
export function oneEach(documents: Int32Array): Rows {
  return { members: documents, starts: Int32Array.from({ length: documents.length + 1 }, (_, i) => i) };
}
