/** Every stage and what it does. The setting `stage`, the commands and the table of stages have exactly these names. */
export const STAGE_SUMMARIES = {
  pt: "Pre-train on plain text",
  sft: "Fine-tune on instructions and conversations",
} as const;

export type StageName = keyof typeof STAGE_SUMMARIES;

/** The names alone, in the order of `ftx help`. */
export const STAGE_NAMES = Object.keys(STAGE_SUMMARIES) as StageName[];
