/** Data: from files to batches of token ids. Numbers and typed arrays only, no tensors. */
export { type Batch, IGNORED } from "./batch.ts";
export { chooseTemplate, type TemplateSettings } from "./choose_template.ts";
export type { Conversation, Message, Role } from "./conversation.ts";
export { encodeConversation, encodePrompt, type Piece, stopIds } from "./encode.ts";
export { batches, batchesPerEpoch, type BatchOptions, rowOrder } from "./order.ts";
export { type DataSettings, prepare, type Prepared, type PrepareOptions } from "./prepare.ts";
export { preview, type PreviewSettings, summary } from "./preview.ts";
export { Random } from "./random.ts";
export { EncodedSet } from "./set.ts";
export { drawExample, type Shown, showRow } from "./show.ts";
