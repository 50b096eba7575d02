import assert from "node:assert/strict";
import { CheckpointError } from "../../errors.ts";
import { LORA_DEFAULTS, loraConfig } from "./config.ts";
import { loraConfigText } from "./config_text.ts";

const lora = { peft_type: "LORA", task_type: "CAUSAL_LM", r: 4, target_modules: ["q_proj"] };

Deno.test("loraConfig() gives absent keys PEFT's defaults", () => {
  assert.deepEqual(loraConfig({ peft_type: "LORA" }), { config: { ...LORA_DEFAULTS, taskType: null }, notes: [] });
});

Deno.test("loraConfig() reads back what loraConfigText() writes", () => {
  const config = {
    ...LORA_DEFAULTS,
    r: 16,
    loraAlpha: 24.5,
    loraDropout: 0.05,
    targetModules: ["v_proj", "q_proj"],
    excludeModules: "model\\..*",
    layersToTransform: [0, 2],
    layersPattern: ["layers"],
    rankPattern: { q_proj: 2 },
    alphaPattern: { v_proj: 3 },
    modulesToSave: ["lm_head"],
    bias: "all" as const,
    ensureWeightTying: true,
    useRslora: true,
    initLoraWeights: "gaussian",
    baseModelNameOrPath: "meta-llama/Llama-3.2-1B",
    revision: "main",
  };
  const { config: read, notes } = loraConfig(JSON.parse(loraConfigText(config)));
  assert.deepEqual(read, { ...config, targetModules: ["q_proj", "v_proj"] });
  assert.deepEqual(notes, []);
});

Deno.test("loraConfig() notes keys that it does not know and those that it ignores", () => {
  const { notes } = loraConfig({ ...lora, wheels: 4, fan_in_fan_out: true, loftq_config: { loftq_bits: 4 } }, "a.json");
  assert.deepEqual(notes, [
    '"a.json" has fan_in_fan_out = true, which does not apply to linear layers: it is ignored',
    '"a.json" has loftq_config, which does nothing: A and B were not drawn so',
    '"a.json" has keys that ftx ignores: wheels',
  ]);
});

Deno.test("loraConfig() accepts features that are off, however that is written", () => {
  const off = { use_dora: false, lora_bias: null, target_parameters: [], megatron_config: {}, layers_to_transform: [] };
  assert.equal(loraConfig({ ...lora, ...off }).config.layersToTransform, null);
});

/** Every key of PEFT 0.21.2's configuration, with a value that is not its default, and what becomes of it. */
const everyKey: [key: string, value: unknown, becomes: "acts" | "is noted" | "is refused" | "says nothing"][] = [
  ["alora_invocation_tokens", [5], "is refused"],
  ["alpha_pattern", { q_proj: 3 }, "acts"],
  ["arrow_config", {}, "is refused"],
  ["auto_mapping", { parent_library: "x" }, "says nothing"], // the class of the base model
  ["base_model_name_or_path", "x", "acts"],
  ["bias", "all", "acts"],
  ["corda_config", { corda_method: "kpm" }, "is noted"],
  ["ensure_weight_tying", true, "acts"],
  ["eva_config", { rho: 2 }, "is noted"],
  ["exclude_modules", ["x"], "acts"],
  ["fan_in_fan_out", true, "is noted"],
  ["inference_mode", true, "says nothing"], // PEFT writes true always
  ["init_lora_weights", "gaussian", "acts"],
  ["kasa_config", {}, "is refused"],
  ["layer_replication", [[0, 2]], "is refused"],
  ["layers_pattern", "layers", "acts"],
  ["layers_to_transform", [1], "acts"],
  ["loftq_config", { loftq_bits: 4 }, "is noted"],
  ["lora_alpha", 3, "acts"],
  ["lora_bias", true, "is refused"],
  ["lora_dropout", 0.5, "acts"],
  ["lora_ga_config", { direction: "ArBr" }, "is noted"],
  ["megatron_config", { x: 1 }, "is refused"],
  ["megatron_core", "x", "says nothing"], // of megatron_config
  ["modules_to_save", ["norm"], "acts"],
  ["monteclora_config", {}, "is refused"],
  ["peft_type", "ADALORA", "is refused"],
  ["peft_version", "0.1.0", "says nothing"],
  ["qalora_group_size", 4, "says nothing"], // of use_qalora
  ["r", 3, "acts"],
  ["rank_pattern", { q_proj: 3 }, "acts"],
  ["revision", "x", "acts"],
  ["target_modules", ["k_proj"], "acts"],
  ["target_parameters", ["x"], "is refused"],
  ["task_type", "SEQ_CLS", "is refused"],
  ["trainable_token_indices", [5], "is refused"],
  ["use_bdlora", {}, "is refused"],
  ["use_dora", true, "is refused"],
  ["use_qalora", true, "is refused"],
  ["use_rslora", true, "acts"],
  ["velora_config", {}, "is refused"],
  ["runtime_config", { ephemeral_gpu_offload: true }, "is noted"],
  ["enable_lora", [true, false, true], "is noted"], // of PEFT before 0.3
];

Deno.test("every key that PEFT writes is in the table", () => {
  const written = Object.keys(JSON.parse(loraConfigText(LORA_DEFAULTS)));
  assert.deepEqual(written.filter((key) => !everyKey.some(([known]) => known === key)), []);
});

for (const [key, value, becomes] of everyKey) {
  Deno.test(`${key} = ${JSON.stringify(value)} ${becomes}`, () => {
    const base = key === "layers_pattern" ? { ...lora, layers_to_transform: [1] } : lora;
    const plain = loraConfig(base), read = () => loraConfig({ ...base, [key]: value });
    if (becomes === "is refused") {
      return assert.throws(read, { name: "CheckpointError", message: new RegExp(`\\b${key} = `) });
    }
    const { config, notes } = read();
    assert.equal(JSON.stringify(config) !== JSON.stringify(plain.config), becomes === "acts");
    assert.equal(notes.some((note) => note.includes(key)), becomes === "is noted");
    if (becomes === "acts") {
      assert.notEqual(loraConfigText(config), loraConfigText(plain.config), "and is written again");
    }
  });
}

const bad: [Record<string, unknown>, string][] = [
  [{ peft_type: null }, "peft_type is missing, so the kind of adapter is unknown"],
  [{ peft_type: "ADALORA" }, 'peft_type = "ADALORA" is not an adapter that ftx computes yet (only LORA)'],
  [{ peft_type: "lora" }, 'peft_type = "lora" is not an adapter that ftx computes yet'],
  [{ peft_type: 1 }, "peft_type = 1 must be a string"],
  [{ task_type: "SEQ_CLS" }, 'task_type = "SEQ_CLS" is not a task that ftx computes yet (only CAUSAL_LM)'],
  [{ bias: "boft_only" }, 'bias = "boft_only" must be one of none, all, lora_only'],
  [{ bias: null }, "bias is null, which PEFT cannot use"],
  [{ r: null }, "r is null, which PEFT cannot use"],
  [{ lora_alpha: null }, "lora_alpha is null, which PEFT cannot use"],
  [{ lora_dropout: null }, "lora_dropout is null, which PEFT cannot use"],
  [{ rank_pattern: null }, "rank_pattern is null, which PEFT cannot use"],
  [{ modules_to_save: [""] }, 'modules_to_save = [""] has an empty name'],
  [{ r: 0 }, "r = 0 must be a whole number from 1"],
  [{ r: -8 }, "r = -8 must be a whole number from 1"],
  [{ r: 2.5 }, "r = 2.5 must be a whole number from 1"],
  [{ r: "8" }, 'r = "8" must be a whole number from 1'],
  [{ lora_alpha: NaN }, "lora_alpha = NaN must be a finite number"],
  [{ lora_alpha: "16" }, 'lora_alpha = "16" must be a finite number'],
  [{ lora_dropout: 1.5 }, "lora_dropout = 1.5 must be a finite number of at least 0 and of at most 1"],
  [{ lora_dropout: -0.1 }, "lora_dropout = -0.1 must be a finite number of at least 0"],
  [{ target_modules: 5 }, "target_modules = 5 must be a list of strings"],
  [{ target_modules: ["q", 5] }, 'target_modules = ["q",5] must be a list of strings'],
  [{ target_modules: [""] }, 'target_modules = [""] has an empty name'],
  [{ exclude_modules: [null] }, "exclude_modules = [null] must be a list of strings"],
  [
    { target_modules: ".*", layers_to_transform: [1] },
    "layers_to_transform = [1] cannot be combined with target_modules as a single string",
  ],
  [{ target_modules: ".*", layers_pattern: "h" }, 'layers_pattern = "h" cannot be combined with target_modules'],
  [{ layers_pattern: "layers" }, 'layers_pattern = "layers" does nothing without layers_to_transform'],
  [{ layers_to_transform: -1 }, "layers_to_transform = -1 must be a whole number from 0"],
  [{ layers_to_transform: [0.5] }, "layers_to_transform = [0.5] must be a layer's number or a list of them"],
  [{ rank_pattern: ["q_proj"] }, 'rank_pattern = ["q_proj"] must be an object'],
  [{ rank_pattern: { q_proj: 0 } }, "rank_pattern.q_proj = 0 must be a whole number from 1"],
  [{ rank_pattern: { q_proj: null } }, "rank_pattern.q_proj has no number"],
  [{ alpha_pattern: { q_proj: "8" } }, 'alpha_pattern.q_proj = "8" must be a finite number'],
  [{ modules_to_save: "lm_head" }, 'modules_to_save = "lm_head" must be a list of strings'],
  [{ use_rslora: 1 }, "use_rslora = 1 must be true or false"],
  [{ use_dora: true }, "use_dora = true asks for DoRA, which ftx does not have yet"],
  [{ use_qalora: true }, "use_qalora = true asks for QALoRA"],
  [{ lora_bias: true }, "lora_bias = true asks for a bias of B"],
  [{ layer_replication: [[0, 4], [2, 5]] }, "layer_replication = [[0,4],[2,5]] asks for repeated layers"],
  [{ target_parameters: ["experts.up"] }, 'target_parameters = ["experts.up"] asks for LoRA on bare parameters'],
  [{ trainable_token_indices: [5] }, "trainable_token_indices = [5] asks for training single tokens"],
  [{ alora_invocation_tokens: [5] }, "alora_invocation_tokens = [5] asks for activated LoRA"],
  [{ init_lora_weights: "pissa" }, 'init_lora_weights = "pissa" also changes the base model'],
  [{ init_lora_weights: "loftq" }, 'init_lora_weights = "loftq" also changes the base model'],
  [{ init_lora_weights: "mica" }, 'init_lora_weights = "mica" is no way to draw A and B that ftx knows'],
  [{ init_lora_weights: 1 }, "init_lora_weights = 1 must be true or false"],
  [{ base_model_name_or_path: 7 }, "base_model_name_or_path = 7 must be a string"],
];
for (const [change, said] of bad) {
  Deno.test(`loraConfig() refuses ${JSON.stringify(change)} in one sentence`, () => {
    assert.throws(() => loraConfig({ ...lora, ...change }, "a/adapter_config.json"), (error) => {
      assert(error instanceof CheckpointError, String(error));
      assert(error.message.startsWith('Cannot use "a/adapter_config.json": '), error.message);
      assert(error.message.includes(said), error.message);
      assert(error.message.endsWith("; correct the key or use another adapter"), error.message);
      return true;
    });
  });
}
