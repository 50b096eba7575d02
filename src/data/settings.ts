import { z } from "zod";
import { section, setting } from "../recipe/setting.ts";

const flag = z.boolean().default(false);
const names = z.array(z.string()).default([]);

/** How a conversation becomes text. Training and chat share these. */
export const templateSettings = section("Template", {
  template: setting(
    z.string().optional(),
    "Prompt template by name (llama3, qwen, chatml …); the tokenizer's own chat template when left out",
  ),
  defaultSystem: setting(z.string().optional(), "System prompt where an example has none"),
  enableThinking: setting(
    z.boolean().nullable().default(true),
    "Reasoning templates: true adds an empty thought to answers without one and learns it, " +
      "false adds it to the prompt, null leaves answers as they are",
  ),
  preserveThinking: setting(flag, "Keep the thoughts of earlier turns"),
  toolFormat: setting(z.string().optional(), "How tool calls are written, in place of the template's way"),
  splitSpecialTokens: setting(flag, "Read special tokens in the data as ordinary text"),
});

/** Which examples are learned from. */
export const dataSettings = section("Data", {
  dataset: setting(
    names,
    "Names in dataset_info.json, data files (json, jsonl, csv, parquet, txt), folders, or org/name[@revision] at the hub",
  ),
  evalDataset: setting(names, "The same, for evaluation only"),
  datasetDir: setting(
    z.string().default("data"),
    "Folder with dataset_info.json; REMOTE:org/name takes that file from a data set of the hub, ONLINE every data set",
  ),
  cutoffLen: setting(z.int().min(1).default(2048), "Longest example; what is longer is shortened", {
    unit: "tokens",
  }),
  maxSamples: setting(z.int().min(1).optional(), "Take only the first of each data set", { unit: "examples" }),
  valSize: setting(
    z.number().min(0).default(0),
    "Examples kept aside for evaluation: a count above 1, a fraction below 1",
  ),
  packing: setting(
    z.boolean().optional(),
    "Fill rows of cutoff_len with several examples, none of which sees another; on for pt, off otherwise when left out",
  ),
  neatPacking: setting(flag, "The same as packing, which is always neat here"),
  trainOnPrompt: setting(flag, "Learn the prompt too"),
  maskHistory: setting(flag, "Learn only the last answer of a conversation"),
  mixStrategy: setting(
    z.enum(["concat", "interleave_under", "interleave_over", "interleave_once"]).default("concat"),
    "How several data sets are joined",
  ),
  interleaveProbs: setting(z.array(z.number().min(0)).default([]), "Share of each data set when interleaving"),
  groupByLength: setting(flag, "Batches of examples of similar length"),
  disableShuffling: setting(flag, "Keep the order of the data"),
  dataSeed: setting(z.int().min(0).optional(), "Seed of the order of the data; seed when left out"),
  evalOnEachDataset: setting(flag, "Evaluate each evaluation set by itself"),
  tokenizedPath: setting(
    z.string().optional(),
    "Folder of encoded data: read when it has some (other data settings are then not needed), written otherwise",
  ),
  overwriteCache: setting(flag, "Encode the data again even if nothing changed"),
  preprocessingBatchSize: setting(z.int().min(1).default(1000), "Examples encoded at once", { unit: "examples" }),
  preprocessingNumWorkers: setting(z.int().min(0).optional(), "Processes that encode", {
    note: "encoding uses every core without further processes",
  }),
  ignorePadTokenForLoss: setting(z.boolean().default(true), "Never learn padding", {
    note: "rows are laid end to end, so there is no padding",
  }),
  dataloaderNumWorkers: setting(z.int().min(0).default(0), "Processes that load data while training", {
    note: "data is encoded ahead of training, so that loading it takes no time",
  }),
});
