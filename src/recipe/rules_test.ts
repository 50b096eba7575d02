import assert from "node:assert/strict";
import { readText } from "../settings/file.ts";
import { factsOf } from "../settings/setting.ts";
import { snakeCase } from "../settings/spelling.ts";
import { SETTINGS } from "./recipe.ts";
import { IDLE, MODEL_RULES } from "./rules.ts";
import { settle } from "./settle.ts";
import { TRAINING_RULES } from "./training_rules.ts";

/** What breaks each rule of ours, and the sentence that is said. Nothing else is wrong in any of them. */
const BROKEN: readonly [settings: string, sentence: string][] = [
  ["adapter_folder: a", 'adapter_folder = "a" (a:1): there is no adapter; set adapter_name_or_path'],
  [
    "bf16: true\nfp16: true",
    "bf16 = true (a:1) with fp16 = true (a:2): a model computes in one number type; choose one",
  ],
  [
    "pure_bf16: true\nfp16: true",
    "pure_bf16 = true (a:1) with fp16 = true (a:2): a model computes in one number type; choose one",
  ],
  [
    "pure_bf16: true\ndtype: fp32",
    'pure_bf16 = true (a:1) with dtype = "fp32" (a:2): pure_bf16 keeps the weights in bf16; leave dtype out',
  ],
  ["tf32: true\ndevice: cpu", 'tf32 = true (a:1) with device = "cpu" (a:2): only GPUs compute in tf32; leave it out'],
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
    'export_dir = "./m/" (a:1) with model_name_or_path = "m": the export would overwrite the model; choose another folder',
  ],
  [
    "mask_history: true\ntrain_on_prompt: true",
    "mask_history = true (a:1) with train_on_prompt = true (a:2): one learns only part of the answers, the other more than the answers; choose one",
  ],
  [
    "val_size: 0.1\neval_dataset: e",
    'val_size = 0.1 (a:1) with eval_dataset = ["e"] (a:2): the evaluation already has its examples; choose one',
  ],
  [
    "interleave_probs: 0.5",
    'interleave_probs = [0.5] (a:1) with mix_strategy = "concat": ' +
    "only interleaving uses shares; set mix_strategy = interleave_under",
  ],
  [
    "interleave_probs: 0.5,0.5\nmix_strategy: interleave_over",
    'interleave_probs = [0.5,0.5] (a:1) with dataset = ["d"]: each data set needs one share; give one number per data set',
  ],
  [
    "packing: false\nneat_packing: true",
    "packing = false (a:1) with neat_packing = true (a:2): neat_packing is a kind of packing; leave packing out",
  ],
  [
    "group_by_length: true\npacking: true",
    "group_by_length = true (a:1) with packing = true (a:2): packed rows all have the same length; choose one",
  ],
  [
    "group_by_length: true\ndisable_shuffling: true",
    "group_by_length = true (a:1) with disable_shuffling = true (a:2): grouping changes the order; choose one",
  ],
  [
    "adapter: x\nfinetuning_type: full",
    'adapter_name_or_path = ["x"] (a:1) with finetuning_type = "full" (a:2): ' +
    "only finetuning_type = lora trains an adapter; merge it into the model first with ftx export",
  ],
  [
    "train_from_scratch: true\nadapter: x",
    'train_from_scratch = true (a:1) with adapter_name_or_path = ["x"] (a:2): ' +
    "an adapter only fits the weights it was trained with; choose one",
  ],
  [
    "train_from_scratch: true",
    'train_from_scratch = true (a:1) with finetuning_type = "lora": ' +
    "weights that are not trained would stay random; set finetuning_type = full",
  ],
  [
    "warmup_steps: 5\nwarmup_ratio: 0.1",
    "warmup_steps = 5 (a:1) with warmup_ratio = 0.1 (a:2): both set the warm-up; choose one",
  ],
  [
    "warmup_steps: 50\nmax_steps: 10",
    "warmup_steps = 50 (a:1) with max_steps = 10 (a:2): " +
    "the run would end before it reaches its learning rate; warm up for fewer steps",
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
  ...(["momentum", "momentum=", "momentum=1", "speed=0.9", "nesterov=true"].map((args): [string, string] => [
    `optim: sgd\noptim_args: ${args}`,
    `optim_args = ["${args}"] (a:2) with optim = "sgd" (a:1): ` +
    "sgd takes momentum and dampening, each from 0 to below 1, and nesterov = true with momentum alone; change it",
  ])),
  [
    "gradient_checkpointing: true\ndisable_gradient_checkpointing: true",
    "gradient_checkpointing = true (a:1) with disable_gradient_checkpointing = true (a:2): " +
    "they contradict each other; choose one",
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
  ["do_train: false", "do_train = false (a:1) with do_eval = false: there is nothing to do; set do_eval = true"],
  [
    "load_best_model_at_end: true",
    'load_best_model_at_end = true (a:1) with eval_strategy = "no": ' +
    "evaluations decide which weights are best; set eval_strategy to the value of save_strategy",
  ],
  [
    "load_best_model_at_end: true\neval_strategy: epoch\nval_size: 9",
    'load_best_model_at_end = true (a:1) with eval_strategy = "epoch" (a:2) and save_strategy = "steps": ' +
    "the evaluated weights must be saved; set both to the same value",
  ],
  [
    "load_best_model_at_end: true\neval_strategy: steps\nval_size: 9\neval_steps: 0.1\nsave_steps: 100",
    "load_best_model_at_end = true (a:1) with eval_steps = 0.1 (a:4) and save_steps = 100 (a:5): " +
    "every checkpoint must be evaluated; make save_steps a multiple of eval_steps, both steps or both shares",
  ],
  [
    "load_best_model_at_end: true\neval_strategy: steps\nval_size: 9\neval_steps: 30\nsave_steps: 100",
    "load_best_model_at_end = true (a:1) with eval_steps = 30 (a:4) and save_steps = 100 (a:5): " +
    "every checkpoint must be evaluated; make save_steps a multiple of eval_steps, both steps or both shares",
  ],
  [
    "early_stopping_steps: 3",
    'early_stopping_steps = 3 (a:1) with eval_strategy = "no": evaluations decide when to stop; set eval_strategy',
  ],
  [
    "metric_for_best_model: accuracy",
    'metric_for_best_model = "accuracy" (a:1) with compute_accuracy = false: ' +
    "accuracy is not computed; set compute_accuracy = true",
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
];

/** Settings that act `only` with another stage, finetuning type or optimizer. */
const MISPLACED: readonly [settings: string, sentence: string][] = [
  ...[
    ["lora_rank: 4", "lora_rank = 4"],
    ["lora_alpha: 4", "lora_alpha = 4"],
    ["lora_dropout: 0.1", "lora_dropout = 0.1"],
    ["lora_target: q_proj", 'lora_target = ["q_proj"]'],
    ["lora_layers: 1", "lora_layers = [1]"],
    ["additional_target: norm", 'additional_target = ["norm"]'],
    ["use_rslora: true", "use_rslora = true"],
    ["init_lora_weights: gaussian", 'init_lora_weights = "gaussian"'],
    ["create_new_adapter: true", "create_new_adapter = true"],
  ].map(([line, shown]): [string, string] => [
    `${line}\nfinetuning_type: full`,
    `${shown} (a:1) with finetuning_type = "full" (a:2): it acts only with finetuning_type = lora; ` +
    "leave it out or change finetuning_type",
  ]),
  ...[
    ["freeze_trainable_layers: 4", "freeze_trainable_layers = 4"],
    ["freeze_trainable_modules: mlp", 'freeze_trainable_modules = ["mlp"]'],
    ["freeze_extra_modules: norm", 'freeze_extra_modules = ["norm"]'],
  ].map(([line, shown]): [string, string] => [
    line,
    `${shown} (a:1) with finetuning_type = "lora": it acts only with finetuning_type = freeze; ` +
    "leave it out or change finetuning_type",
  ]),
  ...[
    ["train_on_prompt: true", "train_on_prompt = true"],
    ["mask_history: true", "mask_history = true"],
    ["default_system: x", 'default_system = "x"'],
    ["enable_thinking: false", "enable_thinking = false"],
    ["preserve_thinking: true", "preserve_thinking = true"],
    ["tool_format: llama3", 'tool_format = "llama3"'],
    ["neat_packing: true", "neat_packing = true"],
  ].map(([line, shown]): [string, string] => [
    `${line}\nstage: pt`,
    `${shown} (a:1) with stage = "pt" (a:2): it acts only with stage other than pt; leave it out or change stage`,
  ]),
  [
    "optim_args: momentum=0.9",
    'optim_args = ["momentum=0.9"] (a:1) with optim = "adamw_torch": it acts only with optim = sgd; ' +
    "leave it out or change optim",
  ],
  ...[["adam_beta1", "0.8"], ["adam_beta2", "0.9"]].map(([name, value]): [string, string] => [
    `${name}: ${value}\noptim: sgd`,
    `${name} = ${value} (a:1) with optim = "sgd" (a:2): it acts only with optim = adamw_torch or lion_32bit; ` +
    "leave it out or change optim",
  ]),
  [
    "adam_epsilon: 1e-6\noptim: lion",
    'adam_epsilon = 0.000001 (a:1) with optim = "lion_32bit" (a:2): it acts only with optim = adamw_torch; ' +
    "leave it out or change optim",
  ],
];

/** Settings that act `only` with other values of settings that are details of a run. */
const IDLE_NOTES: readonly [settings: string, note: string][] = [
  ["save_strategy: epoch\nsave_steps: 9", "save_steps: acts only with save_strategy = steps"],
  ["eval_steps: 9", "eval_steps: acts only with eval_strategy = steps"],
  ["logging_strategy: epoch\nlogging_steps: 9", "logging_steps: acts only with logging_strategy = steps"],
  ["eval_dataset: e", "eval_dataset: acts only with do_eval = true"],
  ["per_device_eval_batch_size: 1", "per_device_eval_batch_size: acts only with do_eval = true"],
  ["eval_on_each_dataset: true", "eval_on_each_dataset: acts only with do_eval = true"],
  ["compute_accuracy: true", "compute_accuracy: acts only with do_eval = true"],
  ["metric_for_best_model: perplexity", "metric_for_best_model: acts only with eval_strategy = steps or epoch"],
  ["greater_is_better: true", "greater_is_better: acts only with eval_strategy = steps or epoch"],
  ["preserve_thinking: true", "preserve_thinking: acts only with mask_history = true"],
  ["disable_shuffling: true\ndata_seed: 9", "data_seed: acts only with disable_shuffling = false"],
  [
    "lr_scheduler_type: constant\nwarmup_steps: 9",
    "warmup_steps: acts only with lr_scheduler_type other than constant or reduce_lr_on_plateau or greedy",
  ],
  [
    "lr_scheduler_type: constant\nwarmup_ratio: 0.1",
    "warmup_ratio: acts only with lr_scheduler_type other than constant or reduce_lr_on_plateau or greedy",
  ],
  ...["lora_rank: 4", "lora_alpha: 4", "lora_dropout: 0.1", "lora_target: q_proj", "lora_layers: 1"].concat(
    ["additional_target: norm", "use_rslora: true", "init_lora_weights: gaussian"],
  ).map((line): [string, string] => [
    `adapter: x\n${line}`,
    `${line.split(":")[0]}: training continues with the given adapter, which has its own; ` +
    "set create_new_adapter = true for a new one",
  ]),
];

// These need a recipe without a data set.
const WITHOUT_DATASET: readonly [settings: string, sentence: string][] = [
  [
    "val_size: 3\neval_dataset: e\neval_strategy: epoch",
    "val_size = 3 (a:1) with dataset = []: there is no data to set examples aside from; set dataset",
  ],
  [
    "eval_dataset: e",
    'eval_dataset = ["e"] (a:1): there is nothing to train on; set dataset, or do_eval = true to evaluate alone',
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
  const usual = readText("stage: pt\nenable_thinking: true\npreserve_thinking: false", "a"); // LLaMA-Factory writes them
  assert.deepEqual(settle([MODEL, DATASET, ...usual], "train").notes, []);
});

Deno.test("a setting of another stage, finetuning type or optimizer is refused", () => {
  for (const [text, sentence] of MISPLACED) {
    const entries = [MODEL, DATASET, ...readText(text, "a")];
    for (const purpose of ["train", "plan", "preview"] as const) {
      assert.throws(() => settle(entries, purpose), { message: `Cannot use ${sentence}` }, text);
    }
    assert.deepEqual(settle(entries, "chat").notes, [], text);
  }
});

Deno.test("a detail of something that is off gets a note", () => {
  for (const [text, note] of IDLE_NOTES) {
    assert.deepEqual(settle([MODEL, DATASET, ...readText(text, "a")], "train").notes, [note], text);
    assert.deepEqual(settle([MODEL, ...readText(text, "a")], "chat").notes, [], text);
  }
  for (const name of ["temperature", "top_p", "top_k"]) {
    const entries = [MODEL, DATASET, ...readText(`do_sample: false\n${name}: 1`, "a")];
    assert.deepEqual(settle(entries, "chat").notes, [`${name}: acts only with do_sample = true`]);
    assert.deepEqual(settle(entries, "train").notes, []);
  }
  const exporting = [MODEL, { name: "export_dir", value: "x", where: "" }, ...readText("device: cpu", "a")];
  assert.deepEqual(settle(exporting, "export").notes, ["device: acts only with export_device = auto"]);
  assert.deepEqual(settle([MODEL, ...readText("device: cpu", "a")], "chat").notes, []);
  const steps = "logging_strategy: epoch\nlogging_steps: 9\neval_strategy: steps\nval_size: 2"; // eval_steps is left out
  assert.deepEqual(settle([MODEL, DATASET, ...readText(steps, "a")], "train").notes, []);
});

Deno.test("the cases above hold every setting with `only`, and every idle rule", () => {
  const said = [...MISPLACED, ...IDLE_NOTES].map(([, sentence]) => sentence.split(/[ :]/)[0]);
  const conditional = Object.keys(SETTINGS).filter((name) => factsOf(SETTINGS[name]).only !== undefined).map(snakeCase);
  const generation = ["temperature", "top_p", "top_k"];
  assert.deepEqual(conditional.filter((name) => !said.includes(name) && !generation.includes(name)), []);
  const exporting = ["device"];
  assert.deepEqual(IDLE.filter(({ settings: [name] }) => ![...said, ...exporting].includes(snakeCase(name))), []);
});

Deno.test("`only` names settings and values that there are", () => {
  for (const [name, schema] of Object.entries(SETTINGS)) {
    for (const [other, wanted] of Object.entries(factsOf(schema).only ?? {})) {
      assert.ok(other in SETTINGS, `${name}: there is no ${other}`);
      for (const value of "not" in wanted ? wanted.not : wanted) {
        assert.ok(SETTINGS[other].safeParse(value).success, `${name}: ${other} is never ${value}`);
      }
    }
  }
});
