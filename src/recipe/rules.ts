import { resolve } from "node:path";
import type { SettingName, Settings } from "./recipe.ts";

/** What a recipe is for. Each command needs other settings, and other rules hold for it. */
export type Purpose = "train" | "plan" | "preview" | "chat" | "export";

/** What each command cannot do without: any one setting of each group. */
export const NEEDS: Readonly<Record<Purpose, readonly (readonly SettingName[])[]>> = {
  train: [["modelNameOrPath"], ["dataset", "tokenizedPath", "evalDataset"]],
  plan: [["modelNameOrPath"]], // without data, the longest that there could be is taken
  preview: [["modelNameOrPath"], ["dataset", "tokenizedPath"]],
  chat: [["modelNameOrPath"]],
  export: [["modelNameOrPath"], ["exportDir"]],
};

/** A combination that cannot be: the settings to name, when it is broken, and what is so and what to do. */
export interface Rule {
  readonly settings: readonly SettingName[];
  readonly broken: (recipe: Settings, wasSet: (name: SettingName) => boolean) => boolean;
  readonly because: string;
}

/** Whether two paths are there and name the same place. */
export const same = (a: string | undefined, b: string | undefined) =>
  a !== undefined && b !== undefined && resolve(a) === resolve(b);

/** Rules for every command: which model, in which numbers. */
export const MODEL_RULES: readonly Rule[] = [
  {
    settings: ["adapterFolder"],
    broken: (r) => r.adapterFolder !== undefined && r.adapterNameOrPath.length === 0,
    because: "there is no adapter; set adapter_name_or_path",
  },
  {
    settings: ["bf16", "fp16"],
    broken: (r) => r.bf16 && r.fp16,
    because: "one number type computes; choose one",
  },
  {
    settings: ["pureBf16", "fp16"],
    broken: (r) => r.pureBf16 && r.fp16,
    because: "one number type computes; choose one",
  },
  {
    settings: ["pureBf16", "dtype"],
    broken: (r) => r.pureBf16 && (r.dtype === "fp32" || r.dtype === "fp16"),
    because: "pure_bf16 keeps the weights in bf16; leave dtype out",
  },
  {
    settings: ["tf32", "device"],
    broken: (r) => r.tf32 && r.device === "cpu",
    because: "only GPUs have it; leave it out",
  },
  {
    settings: ["resizeVocab", "addTokens"],
    broken: (r, wasSet) => wasSet("resizeVocab") && !r.resizeVocab && r.addTokens.length > 0,
    because: "new tokens need new rows; leave resize_vocab out",
  },
  {
    settings: ["resizeVocab", "addSpecialTokens"],
    broken: (r, wasSet) => wasSet("resizeVocab") && !r.resizeVocab && r.addSpecialTokens.length > 0,
    because: "new tokens need new rows; leave resize_vocab out",
  },
  {
    settings: ["exportDir", "modelNameOrPath"],
    broken: (r) => same(r.exportDir, r.modelNameOrPath),
    because: "the model would overwrite itself; choose another folder",
  },
];

/** Settings that do nothing beside others. They are accepted and ftx says so. */
export const IDLE: readonly Rule[] = [
  {
    settings: ["evalSteps"],
    broken: (r) => r.evalStrategy !== "steps",
    because: "evaluates only with eval_strategy = steps",
  },
  {
    settings: ["saveSteps"],
    broken: (r) => r.saveStrategy !== "steps",
    because: "saves only with save_strategy = steps",
  },
  {
    settings: ["loggingSteps"],
    broken: (r) => r.loggingStrategy !== "steps",
    because: "logs only with logging_strategy = steps",
  },
  {
    settings: ["initLoraWeights"],
    broken: (r) => r.finetuningType !== "lora",
    because: "acts only with finetuning_type = lora",
  },
  ...(["loraRank", "loraAlpha", "loraDropout", "loraTarget", "loraLayers", "useRslora"] as const).map((name): Rule => ({
    settings: [name],
    broken: (r) => r.finetuningType === "lora" && r.adapterNameOrPath.length > 0 && !r.createNewAdapter,
    because: "the given adapter brings its own; set create_new_adapter = true for a new one",
  })),
];
