/** What can be learned from: one task a file. Adding one is an import and a key. */
import { conversation } from "./conversation.ts";
import type { Task } from "./task.ts";
import { text } from "./text.ts";

export type { EncodedRow, EncodeSettings, Format, Note, Task, Writing } from "./task.ts";

/** Every task, by its name. */
export const TASKS = { text, conversation } satisfies Record<string, Task>;
