import { TASKS } from "../data/mod.ts";
import { sft } from "./sft.ts";
import type { Stage } from "./stage.ts";

/**
 * Pre-training, from scratch or continued: plain text, cross-entropy of every token. It differs from sft only in its task:
 * texts are laid end to end and cut into blocks of `cutoff_len`.
 */
export const pt: Stage = { ...sft, task: TASKS.text };
