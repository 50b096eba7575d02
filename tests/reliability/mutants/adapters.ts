// PEFT's adapter_config.json with changed keys and values, attached to a small model as ftx attaches adapters.

import { attachAdapter } from "../../../src/adapters/mod.ts";
import { type TensorBytes, writeSafetensors } from "../../../src/safetensors/mod.ts";
import { loadModel } from "../../../src/weights/mod.ts";
import { smallModel } from "../../small_model.ts";
import { Choices } from "../../support/random.ts";
import { serve } from "./serve.ts";

type Json = any;

const LAYERS = ["q_proj", "v_proj"]; // of 32 -> 32 and 32 -> 16 channels
const CONFIG = {
  ...{
    peft_type: "LORA",
    task_type: "CAUSAL_LM",
    r: 4,
    lora_alpha: 8,
    lora_dropout: 0,
    bias: "none",
    target_modules: LAYERS,
  },
  ...{ exclude_modules: null, rank_pattern: {}, alpha_pattern: {}, layers_to_transform: null, layers_pattern: null },
  ...{ modules_to_save: null, use_rslora: false, use_dora: false, init_lora_weights: true, fan_in_fan_out: false },
  ...{
    base_model_name_or_path: "x",
    revision: null,
    inference_mode: true,
    peft_version: "0.21.2",
    trainable_token_indices: null,
  },
};

const PATTERNS = [
  ...[
    "q_proj",
    ".*",
    "(.*)*q_proj",
    "(a+)+$",
    "((q|v)_?)+_proj$",
    "^model\\.layers\\.0\\.",
    "[",
    "(?P<x>q)_proj(?P=x)",
    "(?i)Q_PROJ",
  ],
  ...[
    "(.*\\.)*(.*\\.)*(.*\\.)*x",
    "(?=.*q)(?=.*v).*",
    "layers\\.[01]\\..*(q|v)_proj",
    "all-linear",
    "",
    "lm_head",
    "embed_tokens",
    "x".repeat(5000),
  ],
];
const VALUES: readonly unknown[] = [
  ...[
    null,
    true,
    false,
    0,
    1,
    -1,
    4,
    8,
    0.5,
    1e9,
    2 ** 31,
    2 ** 53,
    -1e308,
    "4",
    "none",
    "all",
    "lora_only",
    "LORA",
    "gaussian",
    "pissa",
  ],
  ...[
    "constructor",
    "__proto__",
    "\ud800",
    "\0",
    [],
    {},
    [[]],
    [0],
    [0, 1, 2 ** 40],
    ["q_proj", "q_proj"],
    ["lm_head"],
    ["embed_tokens", "norm"],
  ],
  ...[
    { q_proj: 2 },
    { "(.*)*x": 2 },
    { "": 1 },
    { "^model": -1 },
    { constructor: 2 },
    Array.from({ length: 20_000 }, (_, i) => `m${i}`),
  ],
];

function mutant(choices: Choices): string {
  const config = structuredClone(CONFIG) as Json;
  for (let n = 1 + choices.below(3); n > 0; n--) {
    const key = choices.of(Object.keys(CONFIG)), kind = choices.random();
    if (kind < 0.1) delete config[key];
    else if (kind < 0.4) {
      config[choices.of(["target_modules", "exclude_modules", "layers_pattern"])] = choices.of(PATTERNS);
    } else if (kind < 0.5) {
      config[choices.of(["rank_pattern", "alpha_pattern"])] = { [choices.of(PATTERNS)]: choices.of([1, 4, 8, 0]) };
    } else config[key] = structuredClone(choices.of(VALUES));
  }
  const text = JSON.stringify(config);
  if (choices.random() > 0.1) return text;
  const at = choices.below(text.length);
  return text.slice(0, at) + choices.of(["", '"', "{", "]", ",", "9e9", "null", "\0"]) +
    text.slice(at + choices.below(3));
}

/** The weights of rank 4 for `LAYERS`. */
function weights(): Map<string, TensorBytes> {
  const tensors = new Map<string, TensorBytes>();
  for (const layer of [0, 1]) {
    for (const name of LAYERS) {
      const out = name === "q_proj" ? 32 : 16, stem = `base_model.model.model.layers.${layer}.self_attn.${name}`;
      const put = (half: string, shape: [number, number]) =>
        tensors.set(`${stem}.lora_${half}.weight`, {
          dtype: "F32",
          shape,
          data: new Uint8Array(4 * shape[0] * shape[1]),
        });
      put("A", [4, 32]);
      put("B", [out, 4]);
    }
  }
  return tensors;
}

const model = await smallModel();
const folder = Deno.makeTempDirSync({ prefix: "ftx-mutants-" });
await writeSafetensors(`${folder}/adapter_model.safetensors`, weights(), { format: "pt" });
await serve(async (seed, say) => {
  Deno.writeTextFileSync(`${folder}/adapter_config.json`, mutant(new Choices(seed)));
  using loaded = await loadModel(model, { dtype: "f32", device: "cpu" });
  say("use");
  await attachAdapter(loaded, folder);
  return "used";
});
for (const made of [model, folder]) Deno.removeSync(made, { recursive: true });
