// A file for another command or program is recognised before anything in it is called wrong.

import assert from "node:assert/strict";
import { readText } from "../settings/file.ts";
import { refuseOtherKinds } from "./file_kinds.ts";
import type { Purpose } from "./purposes.ts";

const entries = (text: string) => readText(text, "a.yaml");
const look = (text: string, { flags = "", purpose = "train" as Purpose } = {}) =>
  refuseOtherKinds("a.yaml", { entries: entries(text), flags: entries(flags), purpose });

const PREDICT =
  "model_name_or_path: m\nstage: sft\ndo_predict: true\neval_dataset: d.json\npredict_with_generate: true\n";
const MERGE = "model_name_or_path: m\nadapter_name_or_path: a\ntemplate: llama3\nexport_dir: out\nexport_size: 5\n";
const INFER = "model_name_or_path: m\nadapter_name_or_path: a\ntemplate: llama3\ninfer_backend: huggingface\n";

/** A file, and what is said of it. */
const KINDS: readonly [text: string, why: string][] = [
  [MERGE, "it exports a model (export_dir); run ftx export a.yaml"],
  [
    "model: m\nexport_dir: out\nexport_quantization_bit: 4\nexport_quantization_dataset: c4.json",
    "it exports a model (export_dir); run ftx export a.yaml",
  ],
  [INFER, "it names no data, and all that it sets is for chatting; run ftx chat a.yaml, or add --dataset"],
  [
    "model: m\ninfer_backend: vllm\nvllm_maxlen: 100\ntemperature: 0.5",
    "it names no data, and all that it sets is for chatting; run ftx chat a.yaml, or add --dataset",
  ],
  [
    PREDICT,
    "it writes predictions (do_predict), for which ftx has no command yet; ftx chat --prompt answers one question, and do_eval = true in place of it measures the loss",
  ],
  [
    PREDICT.replace("eval_dataset", "dataset"),
    "it writes predictions (do_predict), for which ftx has no command yet; ftx chat --prompt answers one question, and do_eval = true in place of it measures the loss",
  ],
  [
    "model: m\npredict_with_generate: true\neval_dataset: d",
    "it writes predictions (predict_with_generate), for which ftx has no command yet; ftx chat --prompt answers one question, and do_eval = true in place of it measures the loss",
  ],
  [
    "model: m\ntask: mmlu_test\nlang: en\nn_shot: 5\nsave_dir: x",
    "it runs a benchmark (task), for which ftx has no command yet; do_eval = true and an eval_dataset in place of it measure loss and perplexity",
  ],
  [
    "model_type: llm\nbase_model: m\ninput_features: []\noutput_features: []",
    "it is a configuration of Ludwig; ftx does not read those; write its settings with LLaMA-Factory's names",
  ],
  [
    "base_model: m\ndatasets: []\nsequence_len: 512",
    "it is a configuration of axolotl; ftx does not read those; write its settings with LLaMA-Factory's names",
  ],
  [
    "model: {_component_: a.b}\ndataset: {_component_: c.d}",
    "it is a configuration of torchtune; ftx does not read those; write its settings with LLaMA-Factory's names",
  ],
  [
    '{"zero_optimization": {"stage": 3}}',
    "it is a configuration of DeepSpeed; ftx trains with one process and needs none; give a file with model_name_or_path and dataset",
  ],
  [
    "compute_environment: LOCAL_MACHINE\ndistributed_type: FSDP",
    "it is a configuration of accelerate; ftx trains with one process and needs none; give a file with model_name_or_path and dataset",
  ],
  [
    "top.lang: en\ntop.model_name: m\ntrain.cutoff_len: 2048",
    "it is a form of LLaMA-Factory's web page; give the training_args.yaml that the page writes into its output folder",
  ],
  [
    '{"architectures": ["LlamaForCausalLM"], "hidden_size": 8}',
    "it is a model's config.json; give its folder with --model",
  ],
  ['{"peft_type": "LORA", "r": 8}', "it is an adapter's configuration; give its folder with --adapter"],
  ['{"log_history": [], "global_step": 3}', "it is the state of a run; give the run.yaml of its folder"],
];

Deno.test("refuseOtherKinds() says what a file is for", () => {
  for (const [text, why] of KINDS) {
    const message = `Cannot train with "a.yaml": ${why}`;
    assert.throws(() => look(text), { name: "RecipeError", message }, text);
  }
});

Deno.test("refuseOtherKinds() takes a file for training, and what flags make one", () => {
  look("model: m\ndataset: d\n");
  look(`${MERGE}dataset: d\n`);
  look(INFER, { flags: "dataset: d" });
  look(INFER, { flags: "learning_rate: 1" }); // a training run whose data was forgotten: settle() says so
  look("do_train: true\ndo_predict: true\ndataset: d\nmodel: m"); // settle() names do_predict
  look("model: m\neval_dataset: d\ndo_eval: true");
  look("");
});

Deno.test("refuseOtherKinds() says what a command that trains nothing cannot read, and no more", () => {
  for (const purpose of ["chat", "export"] as const) {
    for (const text of [MERGE, INFER, PREDICT]) look(text, { purpose });
    assert.throws(() => look("input_features: []", { purpose }), {
      message: /^Cannot (chat|export) with "a.yaml": it is a/,
    });
  }
  look(INFER, { purpose: "plan" }); // a plan needs no data
  assert.throws(() => look(MERGE, { purpose: "plan" }), { message: /^Cannot plan with "a.yaml": it exports/ });
  assert.throws(() => look(INFER, { purpose: "preview" }), {
    message: /^Cannot show data with "a.yaml": it names no data/,
  });
});
