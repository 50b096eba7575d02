import assert from "node:assert/strict";
import { readText } from "./file.ts";
import { IDLE, MODEL_RULES } from "./rules.ts";
import { settle } from "./settle.ts";
import { TRAINING_RULES } from "./training_rules.ts";

/** What breaks each rule of ours, and the sentence that is said. Nothing else is wrong in any of them. */
const BROKEN: readonly [settings: string, sentence: string][] = [
  ["adapter_folder: a", 'adapter_folder = "a" (a:1): there is no adapter; set adapter_name_or_path'],
  ["bf16: true\nfp16: true", "bf16 = true (a:1) with fp16 = true (a:2): one number type computes; choose one"],
  [
    "pure_bf16: true\nfp16: true",
    "pure_bf16 = true (a:1) with fp16 = true (a:2): one number type computes; choose one",
  ],
  [
    "pure_bf16: true\ndtype: fp32",
    'pure_bf16 = true (a:1) with dtype = "fp32" (a:2): pure_bf16 keeps the weights in bf16; leave dtype out',
  ],
  ["tf32: true\ndevice: cpu", 'tf32 = true (a:1) with device = "cpu" (a:2): only GPUs have it; leave it out'],
  [
    "resize_vocab: false\nadd_tokens: x",
    'resize_vocab = false (a:1) with add_tokens = ["x"] (a:2): new tokens need new rows; leave resize_vocab out',
  ],
  [
    "resize_vocab: false\nadd_special_tokens: x",
    'resize_vocab = false (a:1) with add_special_tokens = ["x"] (a:2): new tokens need new rows; leave resize_vocab out',
  ],
  [
    "export_dir: ./m/",
    'export_dir = "./m/" (a:1) with model_name_or_path = "m": the model would overwrite itself; choose another folder',
  ],
  [
    "mask_history: true\ntrain_on_prompt: true",
    "mask_history = true (a:1) with train_on_prompt = true (a:2): one learns less than the answers, the other more; choose one",
  ],
  [
    "train_on_prompt: true\nstage: pt",
    'train_on_prompt = true (a:1) with stage = "pt" (a:2): pre-training learns every token already; leave it out',
  ],
  [
    "mask_history: true\nstage: pt",
    'mask_history = true (a:1) with stage = "pt" (a:2): plain text has no turns; leave it out',
  ],
  [
    "val_size: 1",
    "val_size = 1 (a:1): this is neither a fraction nor a useful count; take a number below 1 or from 2 up",
  ],
  ["val_size: 2.5", "val_size = 2.5 (a:1): above 1 it counts examples; take a whole number"],
  [
    "val_size: 0.1\neval_dataset: e",
    'val_size = 0.1 (a:1) with eval_dataset = ["e"] (a:2): evaluation has its examples already; choose one',
  ],
  [
    "interleave_probs: 0.5",
    'interleave_probs = [0.5] (a:1) with mix_strategy = "concat": ' +
    "only interleaving draws from data sets by chance; set mix_strategy = interleave_under",
  ],
  [
    "interleave_probs: 0.5,0.5\nmix_strategy: interleave_over",
    'interleave_probs = [0.5,0.5] (a:1) with dataset = ["d"]: each data set needs one number; give as many',
  ],
  [
    "packing: false\nneat_packing: true",
    "packing = false (a:1) with neat_packing = true (a:2): neat_packing is a kind of packing; leave packing out",
  ],
  [
    "group_by_length: true\npacking: true",
    "group_by_length = true (a:1) with packing = true (a:2): packed rows have one length; choose one",
  ],
  [
    "group_by_length: true\ndisable_shuffling: true",
    "group_by_length = true (a:1) with disable_shuffling = true (a:2): grouping changes the order; choose one",
  ],
  [
    "adapter: x\nfinetuning_type: full",
    'adapter_name_or_path = ["x"] (a:1) with finetuning_type = "full" (a:2): ' +
    "an adapter is trained with finetuning_type = lora; merge it first with ftx export",
  ],
  [
    "train_from_scratch: true\nadapter: x",
    'train_from_scratch = true (a:1) with adapter_name_or_path = ["x"] (a:2): ' +
    "an adapter belongs to the weights it was trained with; choose one",
  ],
  [
    "train_from_scratch: true",
    'train_from_scratch = true (a:1) with finetuning_type = "lora": ' +
    "most weights would stay random; set finetuning_type = full",
  ],
  ...([
    ["lora_rank: 4", "lora_rank = 4"],
    ["lora_alpha: 4", "lora_alpha = 4"],
    ["lora_dropout: 0.1", "lora_dropout = 0.1"],
    ["lora_target: q_proj", 'lora_target = ["q_proj"]'],
    ["lora_layers: 1", "lora_layers = [1]"],
    ["additional_target: norm", 'additional_target = ["norm"]'],
    ["use_rslora: true", "use_rslora = true"],
    ["create_new_adapter: true", "create_new_adapter = true"],
  ].map(([line, shown]): [string, string] => [
    `${line}\nfinetuning_type: full`,
    `${shown} (a:1) with finetuning_type = "full" (a:2): only LoRA has it; leave it out or set finetuning_type = lora`,
  ])),
  ...([
    ["freeze_trainable_layers: 4", "freeze_trainable_layers = 4"],
    ["freeze_trainable_modules: mlp", 'freeze_trainable_modules = ["mlp"]'],
    ["freeze_extra_modules: norm", 'freeze_extra_modules = ["norm"]'],
  ].map(([line, shown]): [string, string] => [
    line,
    `${shown} (a:1) with finetuning_type = "lora": ` +
    "it chooses what freeze trains; leave it out or set finetuning_type = freeze",
  ])),
  [
    "warmup_steps: 5\nwarmup_ratio: 0.1",
    "warmup_steps = 5 (a:1) with warmup_ratio = 0.1 (a:2): they say the same in two ways; choose one",
  ],
  ["warmup_steps: 1.5", "warmup_steps = 1.5 (a:1): from 1 up it counts steps; take a whole number"],
  [
    "warmup_steps: 50\nmax_steps: 10",
    "warmup_steps = 50 (a:1) with max_steps = 10 (a:2): " +
    "the run ends before its learning rate is reached; warm up for fewer steps",
  ],
  [
    "lr_scheduler_type: cosine_with_min_lr",
    'lr_scheduler_type = "cosine_with_min_lr" (a:1) with lr_scheduler_kwargs = {}: ' +
    "this schedule needs min_lr or min_lr_rate in lr_scheduler_kwargs",
  ],
  [
    "lr_scheduler_type: warmup_stable_decay",
    'lr_scheduler_type = "warmup_stable_decay" (a:1) with lr_scheduler_kwargs = {}: ' +
    "this schedule needs num_decay_steps in lr_scheduler_kwargs",
  ],
  [
    "lr_scheduler_type: reduce_lr_on_plateau",
    'lr_scheduler_type = "reduce_lr_on_plateau" (a:1) with eval_strategy = "no": ' +
    "this schedule follows the evaluation loss; set eval_strategy",
  ],
  [
    "lr_scheduler_type: greedy",
    'lr_scheduler_type = "greedy" (a:1) with eval_strategy = "no": ' +
    "this schedule follows the evaluation loss; set eval_strategy",
  ],
  [
    "optim_args: momentum=0.9",
    'optim_args = ["momentum=0.9"] (a:1) with optim = "adamw_torch": only sgd has options; leave it out',
  ],
  ...(["momentum", "momentum=", "momentum=1", "speed=0.9", "nesterov=true"].map((args): [string, string] => [
    `optim: sgd\noptim_args: ${args}`,
    `optim_args = ["${args}"] (a:2) with optim = "sgd" (a:1): ` +
    "sgd takes momentum and dampening, each from 0 to below 1, and nesterov = true with momentum alone; change it",
  ])),
  ...([["adam_beta1", 0.8], ["adam_beta2", 0.9]].map(([name, value]): [string, string] => [
    `optim: sgd\n${name}: ${value}`,
    `${name} = ${value} (a:2) with optim = "sgd" (a:1): sgd does not have it; leave it out`,
  ])),
  [
    "optim: lion\nadam_epsilon: 1e-6",
    'adam_epsilon = 0.000001 (a:2) with optim = "lion_32bit" (a:1): only adamw_torch has it; leave it out',
  ],
  [
    "gradient_checkpointing: true\ndisable_gradient_checkpointing: true",
    "gradient_checkpointing = true (a:1) with disable_gradient_checkpointing = true (a:2): " +
    "they ask for opposites; choose one",
  ],
  [
    "eval_strategy: steps",
    'eval_strategy = "steps" (a:1) with eval_dataset = [] and val_size = 0: ' +
    "there is nothing to evaluate on; set eval_dataset or val_size",
  ],
  [
    "do_eval: true",
    "do_eval = true (a:1) with eval_dataset = [] and val_size = 0: " +
    "there is nothing to evaluate on; set eval_dataset or val_size",
  ],
  ["do_train: false", "do_train = false (a:1) with do_eval = false: nothing is left to do; set do_eval = true"],
  [
    "load_best_model_at_end: true",
    'load_best_model_at_end = true (a:1) with eval_strategy = "no": ' +
    "the best is found by evaluating; set eval_strategy = save_strategy",
  ],
  [
    "load_best_model_at_end: true\neval_strategy: epoch\nval_size: 9",
    'load_best_model_at_end = true (a:1) with eval_strategy = "epoch" (a:2) and save_strategy = "steps": ' +
    "what is evaluated must be saved; set both to the same",
  ],
  [
    "load_best_model_at_end: true\neval_strategy: steps\nval_size: 9\neval_steps: 30\nsave_steps: 100",
    "load_best_model_at_end = true (a:1) with eval_steps = 30 (a:4) and save_steps = 100 (a:5): " +
    "every checkpoint must be evaluated; make save_steps a multiple of eval_steps",
  ],
  [
    "early_stopping_steps: 3",
    'early_stopping_steps = 3 (a:1) with eval_strategy = "no": stopping early follows evaluations; set eval_strategy',
  ],
  [
    "metric_for_best_model: accuracy",
    'metric_for_best_model = "accuracy" (a:1) with compute_accuracy = false: ' +
    "accuracy is not counted; set compute_accuracy = true",
  ],
  [
    "output_dir: m",
    'output_dir = "m" (a:1) with model_name_or_path = "m": the run would overwrite its model; choose another folder',
  ],
  [
    "output_dir: x\nadapter: x",
    'output_dir = "x" (a:1) with adapter_name_or_path = ["x"] (a:2): ' +
    "the run would overwrite the adapter it starts from; choose another folder",
  ],
  ["report_to: none,tensorboard", 'report_to = ["none","tensorboard"] (a:1): none allows no other; choose'],
];

// These need a recipe without a data set.
const WITHOUT_DATASET: readonly [settings: string, sentence: string][] = [
  [
    "val_size: 3\neval_dataset: e\neval_strategy: epoch",
    "val_size = 3 (a:1) with dataset = []: there is nothing to set aside from; set dataset",
  ],
  [
    "eval_dataset: e",
    "do_train = true with dataset = []: there is nothing to train on; set dataset",
  ],
];

const MODEL = { name: "model", value: "m", where: "" };
const DATASET = { name: "dataset", value: "d", where: "" };

Deno.test("each rule says what is so and what to do", () => {
  for (const [text, sentence] of BROKEN) {
    const entries = [MODEL, DATASET, ...readText(text, "a")];
    assert.throws(() => settle(entries, "train"), { message: `Cannot use ${sentence}` }, text);
  }
  for (const [text, sentence] of WITHOUT_DATASET) {
    const check = (error: Error) => error.message.split("\n").includes(`Cannot use ${sentence}`);
    assert.throws(() => settle([MODEL, ...readText(text, "a")], "train"), check, text);
  }
});

Deno.test("the cases above break every rule", () => {
  const said = [...BROKEN, ...WITHOUT_DATASET].map(([, sentence]) => sentence);
  const unsaid = [...MODEL_RULES, ...TRAINING_RULES].filter(({ because }) =>
    !said.some((text) => text.endsWith(because))
  );
  assert.deepEqual(unsaid, []);
});

Deno.test("rules for training do not hold for chat", () => {
  const entries = [MODEL, ...readText("adapter: x\nfinetuning_type: full\neval_strategy: steps", "a")];
  assert.equal(settle(entries, "chat").recipe.finetuningType, "full");
});

Deno.test("a default contradicts nothing", () => {
  const text = "finetuning_type: full\nlora_rank: 8\nlora_target: all\nlora_alpha: 16\nfreeze_trainable_layers: 2";
  assert.equal(settle([MODEL, DATASET, ...readText(text, "a")], "train").recipe.finetuningType, "full");
});

Deno.test("IDLE rules name one setting each", () => {
  assert.ok(IDLE.every(({ settings }) => settings.length === 1));
});
