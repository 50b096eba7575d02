/** Data: from files to batches of token ids. Numbers and typed arrays only, no tensors. */
export { type Batch, IGNORED } from "./batch.ts";
export { batches, batchesPerEpoch, type BatchOptions } from "./order.ts";
export { Random } from "./random.ts";
export { EncodedSet } from "./set.ts";
