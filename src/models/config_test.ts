import assert from "node:assert/strict";
import { CheckpointError } from "../errors.ts";
import { modelConfig } from "./config.ts";

const tiny = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  vocab_size: 320,
  hidden_size: 64,
  intermediate_size: 160,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
};
const tinyQwen = { ...tiny, architectures: ["Qwen3ForCausalLM"], model_type: "qwen3" };

Deno.test("modelConfig() gives absent keys transformers' defaults of each family", () => {
  const shared = { hiddenSize: 4096, numHiddenLayers: 32, numAttentionHeads: 32, headDim: 128, rmsNormEps: 1e-6 };
  const families = {
    LlamaForCausalLM: { vocabSize: 32000, intermediateSize: 11008, numKeyValueHeads: 32, maxPositionEmbeddings: 2048 },
    MistralForCausalLM: { vocabSize: 32000, intermediateSize: 14336, numKeyValueHeads: 8, slidingWindow: 4096 },
    Qwen2ForCausalLM: { vocabSize: 151936, intermediateSize: 22016, numKeyValueHeads: 32, slidingWindow: null },
    Qwen3ForCausalLM: { vocabSize: 151936, intermediateSize: 22016, numKeyValueHeads: 32, bosTokenId: null },
  };
  for (const [architecture, own] of Object.entries(families)) {
    const config = modelConfig({ architectures: [architecture] });
    for (const [key, value] of Object.entries({ ...shared, ...own, ropeTheta: 10_000, ropeScaling: null })) {
      assert.deepEqual(config[key as keyof typeof config], value, `${architecture}: ${key}`);
    }
  }
});

Deno.test("modelConfig() follows model_type where architectures is absent", () => {
  assert.equal(modelConfig({ model_type: "mistral" }).modelType, "mistral");
});

Deno.test("modelConfig() derives heads of llama from hidden_size and keeps 128 for qwen3", () => {
  assert.equal(modelConfig(tiny).headDim, 16);
  assert.equal(modelConfig(tinyQwen).headDim, 128);
  assert.equal(modelConfig({ ...tiny, head_dim: 32 }).headDim, 32);
});

Deno.test("modelConfig() reads rope_scaling and rope_parameters alike", () => {
  const llama3 = { rope_type: "llama3", factor: 8, low_freq_factor: 1, high_freq_factor: 4 };
  const expected = {
    type: "llama3",
    factor: 8,
    lowFreqFactor: 1,
    highFreqFactor: 4,
    originalMaxPositionEmbeddings: 8192,
  };
  const sizes = { max_position_embeddings: 131072, original_max_position_embeddings: undefined };
  const older = modelConfig({
    ...tiny,
    ...sizes,
    rope_theta: 500000,
    rope_scaling: { ...llama3, original_max_position_embeddings: 8192 },
  });
  const newer = modelConfig({
    ...tiny,
    ...sizes,
    rope_parameters: { ...llama3, rope_theta: 500000, original_max_position_embeddings: 8192 },
  });
  for (const { ropeTheta, ropeScaling } of [older, newer]) {
    assert.equal(ropeTheta, 500000);
    assert.deepEqual(ropeScaling, expected);
  }
});

Deno.test("modelConfig() reads every kind of rope, with the old key `type`", () => {
  const scaling = (rope_scaling: unknown) => modelConfig({ ...tiny, rope_scaling }).ropeScaling;
  assert.equal(scaling(null), null);
  assert.equal(scaling({ rope_type: "default" }), null);
  assert.deepEqual(scaling({ type: "linear", factor: 2 }), { type: "linear", factor: 2 });
  assert.deepEqual(scaling({ type: "dynamic", factor: 2.5 }), { type: "dynamic", factor: 2.5 });
  assert.deepEqual(scaling({ type: "yarn", factor: 4, original_max_position_embeddings: 512 }), {
    type: "yarn",
    factor: 4,
    originalMaxPositionEmbeddings: 512,
    attentionFactor: undefined,
    betaFast: 32,
    betaSlow: 1,
    mscale: undefined,
    mscaleAllDim: undefined,
    truncate: true,
  });
});

Deno.test("modelConfig() says for each layer whether it slides", () => {
  const kinds = (raw: Record<string, unknown>) => modelConfig(raw).layerTypes.map((type) => type[0]).join("");
  const mistral = { ...tiny, architectures: ["MistralForCausalLM"], model_type: "mistral" };
  assert.equal(kinds({ ...tiny, sliding_window: 8 }), "ff");
  assert.equal(kinds({ ...mistral, sliding_window: 8 }), "ss");
  assert.equal(kinds({ ...mistral, sliding_window: null }), "ff");
  assert.equal(kinds({ ...tinyQwen, sliding_window: 8 }), "ff");
  assert.equal(kinds({ ...tinyQwen, sliding_window: 8, use_sliding_window: true, max_window_layers: 1 }), "fs");
  const listed = { layer_types: ["sliding_attention", "full_attention"] };
  assert.equal(kinds({ ...tinyQwen, ...listed, sliding_window: 8, use_sliding_window: true }), "sf");
});

Deno.test("modelConfig() reads dtype and torch_dtype, with dtype first", () => {
  assert.equal(modelConfig({ ...tiny, torch_dtype: "bfloat16" }).dtype, "bfloat16");
  assert.equal(modelConfig({ ...tiny, torch_dtype: "float32", dtype: "float16" }).dtype, "float16");
  assert.equal(modelConfig({ ...tiny, torch_dtype: null }).dtype, null);
});

Deno.test("modelConfig() knows which projections have a bias", () => {
  const qwen2 = { ...tiny, architectures: ["Qwen2ForCausalLM"], model_type: "qwen2" };
  assert.equal(modelConfig(qwen2).attentionBias, true);
  assert.equal(modelConfig({ ...tiny, attention_bias: true, mlp_bias: true }).mlpBias, true);
});

Deno.test("modelConfig() notes unknown keys and code that comes with a model, and keeps the JSON", () => {
  const raw = { ...tiny, auto_map: { AutoModel: "x.py" }, use_cache: true, wheels: 4 };
  const config = modelConfig(raw, "m/config.json");
  assert.deepEqual(config.notes, [
    '"m/config.json" has auto_map: code that comes with a model is never executed',
    '"m/config.json" has keys that ftx ignores: wheels',
  ]);
  assert.equal(config.raw, raw);
});

Deno.test("modelConfig() takes a list of end tokens, and -1 as none", () => {
  const config = modelConfig({ ...tiny, eos_token_id: [2, 7], pad_token_id: -1 });
  assert.deepEqual(config.eosTokenId, [2, 7]);
  assert.equal(config.padTokenId, null);
  assert.equal(modelConfig({ ...tiny, eos_token_id: null }).eosTokenId, null);
  assert.equal(modelConfig(tiny).eosTokenId, 2);
});

/** What is changed in a good file, and what is then said of which key. */
const bad: [Record<string, unknown>, string][] = [
  [{ architectures: ["GPT2LMHeadModel"] }, 'architectures = ["GPT2LMHeadModel"] is not one that ftx computes'],
  [{ architectures: "LlamaForCausalLM" }, 'architectures = "LlamaForCausalLM" must be a list of strings'],
  [{ architectures: [1] }, "architectures = [1] must be a list of strings"],
  [{ architectures: null, model_type: null }, "architectures is missing, so the kind of model is unknown"],
  [{ architectures: null, model_type: "gpt2" }, 'model_type = "gpt2" is not one that ftx computes'],
  [{ architectures: ["constructor"] }, 'architectures = ["constructor"] is not one that ftx computes'],
  [{ model_type: "mistral" }, 'model_type = "mistral" contradicts architectures = ["LlamaForCausalLM"]'],
  [{ architectures: ["X"], auto_map: {} }, "code that comes with a model (auto_map) is never executed"],
  [{ quantization_config: { quant_method: "gptq" } }, "says the weights are quantised (gptq)"],
  [{ quantization_config: {} }, "says the weights are quantised (unknown method)"],
  [{ quantization_config: 4 }, "quantization_config = 4 must be an object"],
  [{ vocab_size: 0 }, "vocab_size = 0 must be a whole number from 1 to 2147483647"],
  [{ vocab_size: -5 }, "vocab_size = -5 must be a whole number"],
  [{ vocab_size: 2 ** 31 }, "vocab_size = 2147483648 must be a whole number"],
  [{ vocab_size: "320" }, 'vocab_size = "320" must be a whole number'],
  [{ hidden_size: 0 }, "hidden_size = 0 must be a whole number"],
  [{ hidden_size: 64.5 }, "hidden_size = 64.5 must be a whole number"],
  [{ hidden_size: [64] }, "hidden_size = [64] must be a whole number"],
  [{ hidden_size: 66 }, "num_attention_heads = 4 must divide hidden_size = 66 where head_dim is not given"],
  [{ hidden_size: 60 }, "hidden_size = 60 gives heads of 15 channels, and rope turns pairs"],
  [{ intermediate_size: 0 }, "intermediate_size = 0 must be a whole number"],
  [{ intermediate_size: 1e300 }, "intermediate_size = 1e+300 must be a whole number"],
  [{ num_hidden_layers: 0 }, "num_hidden_layers = 0 must be a whole number"],
  [{ num_hidden_layers: true }, "num_hidden_layers = true must be a whole number"],
  [{ num_attention_heads: 0 }, "num_attention_heads = 0 must be a whole number"],
  [{ num_attention_heads: -4 }, "num_attention_heads = -4 must be a whole number"],
  [{ num_key_value_heads: 3 }, "num_key_value_heads = 3 must divide num_attention_heads = 4"],
  [{ num_key_value_heads: 0 }, "num_key_value_heads = 0 must be a whole number"],
  [{ num_key_value_heads: 8 }, "num_key_value_heads = 8 must divide num_attention_heads = 4"],
  [{ head_dim: 0 }, "head_dim = 0 must be a whole number"],
  [{ head_dim: 15 }, "head_dim = 15 gives heads of 15 channels, and rope turns pairs"],
  [{ rms_norm_eps: 0 }, "rms_norm_eps = 0 must be a finite number above 0"],
  [{ rms_norm_eps: -1e-6 }, "rms_norm_eps = -0.000001 must be a finite number above 0"],
  [{ rms_norm_eps: NaN }, "rms_norm_eps = NaN must be a finite number above 0"],
  [{ rms_norm_eps: "1e-6" }, 'rms_norm_eps = "1e-6" must be a finite number'],
  [{ rope_theta: 0 }, "rope_theta = 0 must be a finite number above 0"],
  [{ rope_theta: Infinity }, "rope_theta = Infinity must be a finite number above 0"],
  [{ rope_parameters: { rope_theta: -1 } }, "rope_parameters.rope_theta = -1 must be a finite number above 0"],
  [{ rope_scaling: { rope_type: "spiral" } }, 'rope_scaling.rope_type = "spiral" is not a rope that ftx knows'],
  [{ rope_scaling: { type: "longrope" } }, 'rope_scaling.type = "longrope" is not a rope that ftx knows'],
  [{ rope_scaling: "linear" }, 'rope_scaling = "linear" must be an object'],
  [{ rope_scaling: { type: "linear" } }, 'rope_scaling.factor is missing, and rope_type "linear" needs it'],
  [
    { rope_scaling: { type: "linear", factor: 0.5 } },
    "rope_scaling.factor = 0.5 must be a finite number of at least 1",
  ],
  [{ rope_scaling: { type: "dynamic", factor: "2" } }, 'rope_scaling.factor = "2" must be a finite number'],
  [{ rope_scaling: { type: "llama3", factor: 8 } }, "rope_scaling.low_freq_factor is missing"],
  [
    { rope_scaling: { type: "llama3", factor: 8, low_freq_factor: 4, high_freq_factor: 4 } },
    "rope_scaling.high_freq_factor = 4 must be above low_freq_factor = 4",
  ],
  [{ rope_scaling: { type: "yarn" } }, "rope_scaling.factor is missing"],
  [
    { rope_scaling: { type: "yarn", factor: 2, beta_fast: 1, beta_slow: 2 } },
    "rope_scaling.beta_fast = 1 must not be below beta_slow = 2",
  ],
  [{ rope_parameters: { full_attention: {} } }, "gives a kind of layer a rope of its own"],
  [{ partial_rotary_factor: 0.5 }, "partial_rotary_factor = 0.5 turns only a part of each head"],
  [{ max_position_embeddings: 0 }, "max_position_embeddings = 0 must be a whole number"],
  [{ hidden_act: "gelu" }, 'hidden_act = "gelu" must be "silu"'],
  [{ tie_word_embeddings: "yes" }, 'tie_word_embeddings = "yes" must be true or false'],
  [{ attention_bias: 1 }, "attention_bias = 1 must be true or false"],
  [{ attention_dropout: 2 }, "attention_dropout = 2 must be a finite number of at least 0 and of at most 1"],
  [{ torch_dtype: "int8" }, 'torch_dtype = "int8" must be one of float32, bfloat16, float16'],
  [{ eos_token_id: [2, "x"] }, 'eos_token_id = [2,"x"] must be a token id or a list of them'],
  [{ eos_token_id: [] }, "eos_token_id = [] must be a token id or a list of them"],
  [{ bos_token_id: -2 }, "bos_token_id = -2 must be a whole number from -1"],
  [{ initializer_range: -1 }, "initializer_range = -1 must be a finite number of at least 0"],
];
const badQwen: [Record<string, unknown>, string][] = [
  [{ layer_types: ["full_attention"] }, "must name 2 layers (num_hidden_layers)"],
  [{ layer_types: ["full_attention", "linear_attention"] }, 'not "linear_attention"'],
  [{ layer_types: ["full_attention", "sliding_attention"] }, "asks for a sliding window"],
  [{ sliding_window: 0 }, "sliding_window = 0 must be a whole number"],
  [{ use_sliding_window: 1 }, "use_sliding_window = 1 must be true or false"],
  [{ max_window_layers: -1 }, "max_window_layers = -1 must be a whole number from 0"],
];

for (const [good, table] of [[tiny, bad], [tinyQwen, badQwen]] as const) {
  for (const [change, said] of table) {
    Deno.test(`modelConfig() refuses ${JSON.stringify(change)} in one sentence`, () => {
      assert.throws(() => modelConfig({ ...good, ...change }, "m/config.json"), (error) => {
        assert(error instanceof CheckpointError);
        assert(error.message.startsWith('Cannot use "m/config.json": '), error.message);
        assert(error.message.includes(said), error.message);
        assert.match(
          error.message,
          /; (correct the key or fetch the model again|give the model .+|choose a model .+)$/,
        );
        return true;
      });
    });
  }
}

Deno.test("modelConfig() cuts long values short in its sentence", () => {
  assert.throws(
    () => modelConfig({ ...tiny, hidden_act: "x".repeat(1e6) }),
    (error: Error) => error.message.length < 200,
  );
});

Deno.test("modelConfig() answers any value under any key with a config or a CheckpointError", () => {
  const values = [
    null,
    undefined,
    true,
    "",
    "x",
    0,
    -0,
    -1,
    1,
    2,
    0.5,
    1e308,
    NaN,
    Infinity,
    2 ** 53,
    [],
    [1],
    [[]],
    {},
    { a: {} },
  ];
  const keys = [
    ...Object.keys(tinyQwen),
    ..."rope_scaling rope_parameters rope_theta head_dim rms_norm_eps dtype".split(" "),
  ];
  keys.push(
    ..."layer_types sliding_window use_sliding_window max_window_layers eos_token_id auto_map __proto__".split(" "),
  );
  keys.push(..."quantization_config torch_dtype partial_rotary_factor max_position_embeddings".split(" "));
  let refused = 0;
  for (const [i, first] of keys.entries()) {
    for (const second of keys.slice(i)) {
      for (const [n, value] of values.entries()) {
        const raw = { ...tinyQwen, [first]: value, [second]: values[(n * 7 + i) % values.length] };
        try {
          modelConfig(raw);
        } catch (error) {
          assert(error instanceof CheckpointError, `${error} for ${JSON.stringify(raw)}`);
          refused++;
        }
      }
    }
  }
  assert(refused > 1000);
});
