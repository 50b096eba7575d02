import type { Document } from "./documents.ts";
import type { Tags } from "./rows.ts";

/**
 * What one forward pass reads. There is no padding: documents are laid end to end, and attention keeps them apart by
 * `starts` and `positions`.
 *
 * N tokens, S supervised ones, D documents, R rows.
 */
export interface Batch {
  /** Token ids of all documents, end to end [N]. */
  readonly ids: Int32Array;
  /** Distance of each token from the start of its document [N]. */
  readonly positions: Int32Array;
  /** Where each document begins in `ids`, and N [D + 1]. */
  readonly starts: Int32Array;
  /** Positions in `ids` whose next token is learned, ascending [S]. */
  readonly supervised: Int32Array;
  /** The id to predict at each of these positions [S]. */
  readonly targets: Int32Array;
  /** The first document of each row, and D [R + 1]: row r has the documents from `rowStarts[r]` to `rowStarts[r + 1]`. */
  readonly rowStarts: Int32Array;
  /** Numbers of each row, by name: [R] each. Empty where the task gives none. */
  readonly tags: Tags;
  /** S: how many tokens are learned. */
  readonly learned: number;
  /** R: examples, or packs of examples. `per_device_train_batch_size` counts these. */
  readonly rows: number;
  /** Numbers that a stage adds, such as the log-probabilities of an earlier policy; they go to the device with the rest. */
  readonly extra?: Readonly<Record<string, Extra>>;
}

/** Numbers that belong to each token [N], each supervised token [S] or each row [R] of a batch. */
export interface Extra {
  readonly each: "token" | "supervised" | "row";
  readonly values: Int32Array | Float32Array;
}

/** The label of a token that is read and not learned, as in PyTorch's cross entropy. */
export const IGNORED = -100;

/**
 * A batch of rows, each a list of documents. The token before a learned one predicts it, so a document's first token is
 * never a target.
 *
 * @param tags numbers of each row, by name: [R] each
 */
export function batchOf(rows: readonly (readonly Document[])[], tags: Tags = {}): Batch {
  const documents = rows.flat();
  const starts = startsOf(documents.map(({ ids }) => ids.length));
  const rowStarts = startsOf(rows.map((row) => row.length));
  const N = starts[documents.length];
  const ids = new Int32Array(N), positions = new Int32Array(N);
  const supervised = new Int32Array(N), targets = new Int32Array(N);
  let learned = 0;
  documents.forEach((document, d) => {
    ids.set(document.ids, starts[d]);
    for (let t = 0; t < document.ids.length; t++) {
      positions[starts[d] + t] = t;
      if (t === 0 || document.labels[t] === IGNORED) continue;
      supervised[learned] = starts[d] + t - 1;
      targets[learned++] = document.labels[t];
    }
  });
  return {
    ...{ ids, positions, starts, rowStarts, tags, learned },
    supervised: supervised.slice(0, learned),
    targets: targets.slice(0, learned),
    rows: rows.length,
  };
}

/** Where each of some stretches begins when they are laid end to end, and where the last one ends. */
function startsOf(lengths: readonly number[]): Int32Array {
  const starts = new Int32Array(lengths.length + 1);
  lengths.forEach((length, i) => starts[i + 1] = starts[i] + length);
  return starts;
}
