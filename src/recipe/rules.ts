import { resolve } from "node:path";
import type { SettingName, Settings } from "./recipe.ts";

/** A combination that cannot work: the settings to name, when it is broken, and the sentence "what is so; what to do". */
export interface Rule {
  readonly settings: readonly SettingName[];
  readonly broken: (recipe: Settings, wasSet: (name: SettingName) => boolean) => boolean;
  readonly because: string;
}

/** Whether both paths are set and name the same place. */
export const same = (a: string | undefined, b: string | undefined) =>
  a !== undefined && b !== undefined && resolve(a) === resolve(b);

/** Rules for every command: which model, and in which number type. */
export const MODEL_RULES: readonly Rule[] = [
  {
    settings: ["adapterFolder"],
    broken: (r) => r.adapterFolder !== undefined && r.adapterNameOrPath.length === 0,
    because: "there is no adapter; set adapter_name_or_path",
  },
  {
    settings: ["bf16", "fp16"],
    broken: (r) => r.bf16 && r.fp16,
    because: "a model computes in one number type; choose one",
  },
  {
    settings: ["pureBf16", "fp16"],
    broken: (r) => r.pureBf16 && r.fp16,
    because: "a model computes in one number type; choose one",
  },
  {
    settings: ["pureBf16", "dtype"],
    broken: (r) => r.pureBf16 && (r.dtype === "fp32" || r.dtype === "fp16"),
    because: "pure_bf16 keeps the weights in bf16; leave dtype out",
  },
  {
    settings: ["tf32", "device"],
    broken: (r) => r.tf32 && r.device === "cpu",
    because: "only GPUs compute in tf32; leave it out",
  },
  ...(["addTokens", "addSpecialTokens"] as const).map((name): Rule => ({
    settings: ["resizeVocab", name],
    broken: (r, wasSet) => wasSet("resizeVocab") && !r.resizeVocab && r[name].length > 0,
    because: "new tokens need new rows; leave resize_vocab out",
  })),
  {
    settings: ["exportDir", "modelNameOrPath"],
    broken: (r) => same(r.exportDir, r.modelNameOrPath),
    because: "the export would overwrite the model; choose another folder",
  },
];

/**
 * Settings that do nothing next to others, beyond what `only` says. ftx accepts them and says so. A rule is for the commands
 * that use all its settings.
 */
export const IDLE: readonly Rule[] = [
  {
    settings: ["device", "exportDevice"],
    broken: (r) => r.exportDevice === "cpu",
    because: "acts only with export_device = auto",
  },
  {
    settings: ["loggingSteps"],
    broken: (r) => r.loggingStrategy !== "steps" && !(r.evalStrategy === "steps" && r.evalSteps === undefined),
    because: "acts only with logging_strategy = steps",
  },
  ...([
    "loraRank",
    "loraAlpha",
    "loraDropout",
    "loraTarget",
    "loraLayers",
    "additionalTarget",
    "useRslora",
    "initLoraWeights",
  ] as const).map((name): Rule => ({
    settings: [name],
    broken: (r) => r.finetuningType === "lora" && r.adapterNameOrPath.length > 0 && !r.createNewAdapter,
    because:
      "training continues with the given adapter, which has its own; set create_new_adapter = true for a new one",
  })),
];
