import { findLibtorch } from "../../src/libtorch/mod.ts";
import type { Case } from "./case.ts";
import { SFT } from "./place.ts";

const FILE = "train a.yaml";
const GOOD = "model: nano\ndataset: qa.json\noutput_dir: out\n";

/** Settings that cannot be used. Exit code 2. */
export const RECIPE_CASES: Case[] = [
  {
    name: "a command that is not there",
    run: "stf --model nano",
    alone: true, // main.ts looks commands up
    code: 2,
    says: 'Cannot run "ftx stf": there is no such command; ftx help lists them',
  },
  {
    name: "a settings file that is not there",
    run: "train nowhere.yaml",
    code: 2,
    says: 'Cannot read "nowhere.yaml": there is no such file; check its path',
  },
  {
    name: "a settings file that is a folder",
    run: "train a.yaml",
    spoil: (p) => p.write("a.yaml/x", ""),
    code: 2,
    says: 'Cannot read "a.yaml": it is a folder; name a YAML or JSON file with settings',
  },
  {
    name: "a settings file that is not YAML",
    run: FILE,
    spoil: (p) => p.write("a.yaml", `${GOOD}seed: [1\n`),
    code: 2,
    says:
      'Cannot read a.yaml:5: the reader of YAML says "Flow sequence in block collection must be sufficiently indented and end with a ]"; correct it',
  },
  {
    name: "a settings file that is a list",
    run: FILE,
    spoil: (p) => p.write("a.yaml", "- model\n"),
    code: 2,
    says: 'Cannot read "a.yaml": it must be a list of "name: value" lines',
  },
  {
    name: "an empty settings file",
    run: FILE,
    spoil: (p) => p.write("a.yaml", ""),
    code: 2,
    says: [
      "Cannot train without model_name_or_path: set it in the file or with --model",
      "Cannot train without dataset: set it in the file or with --dataset",
    ],
  },
  {
    name: "no settings at all",
    run: "sft",
    code: 2,
    says: [
      "Cannot train without model_name_or_path: set it in the file or with --model",
      "Cannot train without dataset: set it in the file or with --dataset",
    ],
  },
  {
    name: "a key with a slip",
    run: FILE,
    spoil: (p) => p.write("a.yaml", `${GOOD}lora_rnak: 8\n`),
    code: 2,
    says: 'Cannot use lora_rnak (a.yaml:4): ftx has no such setting; did you mean "lora_rank"?',
  },
  {
    name: "a flag with a slip",
    run: `${SFT} --learning-rat 1e-4`,
    code: 2,
    says: 'Cannot use --learning-rat: ftx has no such setting; did you mean "--learning-rate"?',
  },
  {
    name: "a value of the wrong type",
    run: FILE,
    spoil: (p) => p.write("a.yaml", `${GOOD}num_train_epochs: three\n`),
    code: 2,
    says: 'Cannot use num_train_epochs = "three" (a.yaml:4): it must be a number',
  },
  {
    name: "a value out of range",
    run: `${SFT} --lora-rank 0`,
    code: 2,
    says: "Cannot use lora_rank = 0 (--lora-rank): it must be at least 1",
  },
  {
    name: "a choice that is none",
    run: `${SFT} --lr-scheduler-type cosin`,
    code: 2,
    says:
      'Cannot use lr_scheduler_type = "cosin" (--lr-scheduler-type): choose one of linear, cosine, cosine_with_restarts, polynomial, constant, constant_with_warmup, inverse_sqrt, cosine_with_min_lr, cosine_warmup_with_min_lr, warmup_stable_decay, reduce_lr_on_plateau, greedy; did you mean "cosine"?',
  },
  {
    name: "settings that contradict each other",
    run: `${SFT} --load-best-model-at-end`,
    code: 2,
    says:
      'Cannot use load_best_model_at_end = true (--load-best-model-at-end) with eval_strategy = "no": evaluations decide which weights are best; set eval_strategy to the value of save_strategy',
  },
  {
    name: "two kinds of fine-tuning",
    run: `${SFT} --full --lora`,
    code: 2,
    says: "Cannot use --full with --lora: choose one",
  },
  {
    name: "a setting twice",
    run: `${FILE} --lora-dropout 2`,
    spoil: (p) => p.write("a.yaml", "stage: sft\nmodel: nano\nlora_rank: eight\nseed: 1\nseed: 2\n"),
    code: 2,
    says: "Cannot use seed twice (a.yaml:5): a.yaml:4 sets it already",
  },
  {
    name: "several problems at once, in a file and in flags",
    run: `${FILE} --lora-dropout 2 --bf16 --fp16`,
    spoil: (p) => p.write("a.yaml", "stage: sft\nmodel: nano\nlora_rank: eight\nlerning_rate: 1\n"),
    code: 2,
    says: [
      'Cannot use lerning_rate (a.yaml:4): ftx has no such setting; did you mean "learning_rate"?',
      'Cannot use lora_rank = "eight" (a.yaml:3): it must be a whole number',
      "Cannot use lora_dropout = 2 (--lora-dropout): it must be less than 1",
      "Cannot train without dataset: set it in the file or with --dataset",
      "Cannot use bf16 = true (--bf16) with fp16 = true (--fp16): a model computes in one number type; choose one",
    ],
  },
  {
    name: "a stage that ftx has not yet",
    run: FILE,
    spoil: (p) => p.write("a.yaml", `${GOOD}stage: dpo\n`),
    code: 2,
    says: 'Cannot use stage = "dpo" (a.yaml:4): ftx does not support preference training yet',
  },
  {
    name: "a method that ftx has not yet",
    run: `${SFT} --use-galore`,
    code: 2,
    says: "Cannot use use_galore = true (--use-galore): ftx does not support GaLore yet",
  },
  {
    name: "a stage that the command does not run",
    run: "pt a.yaml",
    spoil: (p) => p.write("a.yaml", `${GOOD}stage: sft\n`),
    code: 2,
    says: 'Cannot use stage = "sft" (a.yaml:4) with ftx pt: use ftx train instead',
  },
  {
    name: "a GPU where there is none",
    run: `${SFT} --device cuda`,
    code: 2,
    says:
      'Cannot use device = "cuda": this libtorch is a CPU build; set FTX_LIBTORCH to a CUDA build, or use --device cpu',
    skip: cuda,
  },
  {
    name: "an unknown device",
    run: `${SFT} --device tpu`,
    code: 2,
    says: 'Cannot use device = "tpu" (--device): choose one of auto, cpu, cuda, cuda:N',
  },
  {
    name: "tf32 on a CPU",
    run: `${SFT} --tf32 --device cpu`,
    code: 2,
    says: 'Cannot use tf32 = true (--tf32) with device = "cpu" (--device): only GPUs compute in tf32; leave it out',
  },
  {
    name: "a flag that the command has no use for",
    run: "chat --model nano --lora-rank 8",
    code: 2,
    says: "Cannot use --lora-rank with ftx chat: this command does not use it",
  },
  {
    name: "a data command that is not there",
    run: "data show",
    code: 2,
    says: 'Cannot run "ftx data show": its only part is preview',
  },
];

/** A CUDA build of libtorch words the missing device differently. */
function cuda(): string | undefined {
  return findLibtorch().cuda === undefined ? undefined : "libtorch is a CUDA build";
}
