import { z } from "zod";
import { TEMPLATE_NAMES, TOOL_FORMAT_NAMES } from "../../templates/names.ts";
import { section, setting, type SettingsOf } from "../settings/setting.ts";

const flag = z.boolean().default(false);
const names = z.array(z.string()).default([]);

const conversations = { only: { stage: { not: ["pt"] } } };
const evaluation = { only: { doEval: [true] } };

/** How a conversation becomes text. Training and chat share these. */
export const templateSettings = section("Template", {
  template: setting(
    z.enum(TEMPLATE_NAMES).optional(),
    "Prompt template by name; the one that the model was trained with, else the tokenizer's own chat template, if unset",
  ),
  defaultSystem: setting(z.string().optional(), "System prompt for examples that have none", conversations),
  enableThinking: setting(
    z.boolean().nullable().optional(),
    "For reasoning templates. true: add an empty thought to answers that have none and learn it; " +
      "false: put the empty thought in the prompt; null: leave answers unchanged. As the model was trained, else true, if unset",
    { ...conversations, usual: true },
  ),
  preserveThinking: setting(
    z.boolean().optional(),
    "Keep the thoughts of earlier turns, which mask_history and chat drop; as the model was trained, else false, if unset",
    { only: { ...conversations.only, maskHistory: [true] }, usual: false },
  ),
  toolFormat: setting(
    z.enum(TOOL_FORMAT_NAMES).optional(),
    "Format of tool calls; the template's own if unset",
    conversations,
  ),
  splitSpecialTokens: setting(flag, "Encode special tokens in the data as ordinary text"),
});

/** Which examples are learned from. */
export const dataSettings = section("Data", {
  dataset: setting(
    names,
    "Training data: names from dataset_info.json, files (json, jsonl, csv, parquet, txt), folders, " +
      "or org/name[@revision] on the hub",
  ),
  evalDataset: setting(names, "Evaluation data, named in the same way", evaluation),
  datasetDir: setting(
    z.string().default("data"),
    "Folder that holds dataset_info.json. REMOTE:org/name takes that file from a data set on the hub; " +
      "ONLINE takes every data set from the hub",
  ),
  cutoffLen: setting(z.int().min(1).default(2048), "Maximum length of an example; longer ones are shortened", {
    unit: "tokens",
  }),
  maxSamples: setting(z.int().min(1).optional(), "Use only the first examples of each data set", { unit: "examples" }),
  valSize: setting(
    z.number().min(0)
      .refine((size) => size !== 1, "1 is neither a fraction nor a useful count; use a number below 1, or 2 or more")
      .refine((size) => size < 1 || Number.isInteger(size), "above 1 it counts examples; use a whole number")
      .default(0),
    "Examples to set aside for evaluation: a fraction below 1, a count above 1",
  ),
  packing: setting(
    z.boolean().optional(),
    "Fill rows of cutoff_len. sft: with whole examples, which cannot see each other; off if unset. " +
      "pt: join the texts and cut them into blocks, within which they see each other; on if unset",
  ),
  neatPacking: setting(flag, "Same as packing: packed examples never see each other", conversations),
  trainOnPrompt: setting(flag, "Learn the prompt as well as the answer", conversations),
  maskHistory: setting(
    flag,
    "Learn only the last answer of a conversation; an answer that the data marks with weight = 0 is never learned",
    conversations,
  ),
  mixStrategy: setting(
    z.enum(["concat", "interleave_under", "interleave_over", "interleave_once"]).default("concat"),
    "How to combine several data sets",
  ),
  interleaveProbs: setting(z.array(z.number().min(0)).default([]), "Share of each data set when interleaving"),
  groupByLength: setting(flag, "Batch examples of similar length together"),
  disableShuffling: setting(flag, "Keep the data in its original order"),
  dataSeed: setting(z.int().min(0).optional(), "Seed for the order of the data; seed if unset", {
    only: { disableShuffling: [false] },
  }),
  evalOnEachDataset: setting(flag, "Evaluate each evaluation set separately", evaluation),
  tokenizedPath: setting(
    z.string().optional(),
    "Folder of encoded data. If it exists, training reads it and needs no other data setting; if not, ftx writes it",
  ),
  overwriteCache: setting(flag, "Encode the data again even if nothing has changed"),
  preprocessingBatchSize: setting(z.int().min(1).default(1000), "Number of examples to encode at once", {
    unit: "examples",
  }),
  preprocessingNumWorkers: setting(z.int().min(0).optional(), "Processes that encode data", {
    note: "encoding already uses every core",
  }),
  ignorePadTokenForLoss: setting(z.boolean().default(true), "Exclude padding from the loss", {
    note: "rows are laid end to end, so there is no padding",
  }),
  dataloaderNumWorkers: setting(z.int().min(0).default(0), "Processes that load data during training", {
    note: "data is encoded before training, so loading it takes no time",
  }),
});

export type TemplateSettings = SettingsOf<typeof templateSettings>;

export type DataSettings = SettingsOf<typeof dataSettings>;
