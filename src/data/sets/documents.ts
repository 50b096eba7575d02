import { IGNORED } from "./batch.ts";

/** A document: its token ids, and for each of them the id to learn there, -100 where it is only read (not shifted). */
export interface Document {
  readonly ids: Int32Array;
  readonly labels: Int32Array;
}

/** Encoded documents, end to end. D documents, N tokens in all. */
export interface Documents {
  /** Token ids [N]. */
  readonly ids: Int32Array;
  /** Unshifted labels [N]: `labels[i]` is what the token before i should predict; -100 where nothing is learned. */
  readonly labels: Int32Array;
  /** Where each document begins in `ids` [D + 1]; Float64 because a corpus may pass 2^31 tokens. */
  readonly offsets: Float64Array;
}

/** How many documents there are. */
export function countOf(documents: Documents): number {
  return documents.offsets.length - 1;
}

/** Lengths of all documents in tokens [D]. */
export function lengthsOf({ offsets }: Documents): Int32Array {
  return Int32Array.from({ length: offsets.length - 1 }, (_, i) => offsets[i + 1] - offsets[i]);
}

/** Length of a document in tokens. */
export function lengthOf({ offsets }: Documents, document: number): number {
  return offsets[document + 1] - offsets[document];
}

/** How many tokens of a document are learned: labels after its first token that are not -100. */
export function learnedOf({ labels, offsets }: Documents, document: number): number {
  let learned = 0;
  for (let i = offsets[document] + 1; i < offsets[document + 1]; i++) if (labels[i] !== IGNORED) learned++;
  return learned;
}

/** Several collections as one: the documents of the second follow those of the first. */
export function joinDocuments(parts: readonly Documents[]): Documents {
  if (parts.length === 1) return parts[0];
  const tokens = parts.reduce((sum, part) => sum + part.ids.length, 0);
  const count = parts.reduce((sum, part) => sum + countOf(part), 0);
  const whole = { ids: new Int32Array(tokens), labels: new Int32Array(tokens), offsets: new Float64Array(count + 1) };
  let [document, token] = [0, 0];
  for (const part of parts) {
    whole.ids.set(part.ids, token);
    whole.labels.set(part.labels, token);
    part.offsets.forEach((offset, i) => whole.offsets[document + i] = token + offset);
    document += countOf(part);
    token += part.ids.length;
  }
  return whole;
}

/** Collects documents one after another; memory grows by doubling. */
export class DocumentsBuilder {
  #ids = new Int32Array(1 << 16);
  #labels = new Int32Array(1 << 16);
  #offsets: number[] = [0];
  #length = 0;

  /** Documents so far. */
  get count(): number {
    return this.#offsets.length - 1;
  }

  /** Tokens so far. */
  get tokens(): number {
    return this.#length;
  }

  /** Adds one document. */
  add(ids: ArrayLike<number>, labels: ArrayLike<number>): void {
    this.#reserve(ids.length);
    this.#ids.set(ids, this.#length);
    this.#labels.set(labels, this.#length);
    this.#length += ids.length;
    this.#offsets.push(this.#length);
  }

  /** All documents, in arrays of exactly their size. */
  build(): Documents {
    return {
      ids: this.#ids.slice(0, this.#length),
      labels: this.#labels.slice(0, this.#length),
      offsets: Float64Array.from(this.#offsets),
    };
  }

  #reserve(more: number): void {
    const need = this.#length + more;
    if (need <= this.#ids.length) return;
    const size = Math.max(need, this.#ids.length * 2);
    this.#ids = grown(this.#ids, size);
    this.#labels = grown(this.#labels, size);
  }
}

function grown(old: Int32Array<ArrayBuffer>, size: number): Int32Array<ArrayBuffer> {
  const bigger = new Int32Array(size);
  bigger.set(old);
  return bigger;
}
