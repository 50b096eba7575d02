/** Data: from files to batches of token ids. Numbers and typed arrays only, no tensors. */
export { checkDatasets } from "./catalogue/info.ts";
export { chatTemplateOf } from "./encode/jinja.ts";
export { readWritten, teach } from "./encode/written.ts";
export { chooseTemplate, type TemplateChoice } from "./encode/choose_template.ts";
export { encodePrompt, stopIds } from "./encode/turns.ts";
export type { Conversation, Message, Role } from "./formats/conversation.ts";
export { prepare, type Prepared, type PrepareSettings } from "./prepare.ts";
export { preview, type PreviewSettings, summary } from "./preview.ts";
export { type Batch, batchOf, type Extra, IGNORED } from "./sets/batch.ts";
export { batches, batchesPerEpoch, type BatchOptions, rowOrder } from "./sets/order.ts";
export { Random } from "./sets/random.ts";
export { EncodedSet } from "./sets/set.ts";
export { drawExample, type Shown, showRow } from "./show.ts";
export { type EncodedRow, type Format, type Task, TASKS } from "./tasks/mod.ts";
