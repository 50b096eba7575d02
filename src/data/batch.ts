/**
 * What one forward pass eats. There is no padding: documents are laid end to end, and whoever computes attention keeps
 * them apart by `starts` and `positions`.
 *
 * N tokens, R rows asked for (examples, or packs of examples).
 */
export interface Batch {
  /** Token ids of all documents, end to end [N]. */
  readonly ids: Int32Array;
  /** The id to predict at each position [N], already shifted inside its document; -100 where nothing is learned. */
  readonly labels: Int32Array;
  /** Distance of each token from its document's start [N]. */
  readonly positions: Int32Array;
  /** Offsets of the documents in `ids` [documents + 1]; the last one is N. */
  readonly starts: Int32Array;
  /** Labels that are not -100. */
  readonly learned: number;
  /** Rows in it: examples or packs, what `per_device_train_batch_size` counts. */
  readonly rows: number;
}

/** The label of a position from which nothing is learned, as in PyTorch's cross entropy. */
export const IGNORED = -100;
