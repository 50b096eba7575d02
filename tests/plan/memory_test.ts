// What a dry run takes is what a run really holds: small models here, larger ones in large_test.ts.

import assert from "node:assert/strict";
import { compare, Model, setOf } from "./measured.ts";

const SIZES = {
  vocab_size: 6_000,
  hidden_size: 160,
  intermediate_size: 416,
  num_hidden_layers: 4,
  num_attention_heads: 5,
  num_key_value_heads: 1,
  head_dim: 32,
  max_position_embeddings: 1_024,
};
const llama = { architectures: ["LlamaForCausalLM"], model_type: "llama", ...SIZES };
const tied = { architectures: ["Qwen3ForCausalLM"], model_type: "qwen3", tie_word_embeddings: true, ...SIZES };
const biased = { architectures: ["Qwen2ForCausalLM"], model_type: "qwen2", ...SIZES };

const LENGTHS = [500, 90, 260, 33, 700, 128]; // two steps of three rows: the second has the optimizer's states from its start
const rows = { perDeviceTrainBatchSize: 3 };
const again = { gradientCheckpointing: true };

const cases: [string, Record<string, unknown>, Record<string, unknown>, ("f32" | "bf16")?][] = [
  ["full, fp32", llama, {}],
  ["full, fp32, recomputed", llama, again],
  ["full, bf16", llama, { bf16: true }],
  ["full, bf16, recomputed", llama, { bf16: true, ...again }],
  ["full, pure bf16", llama, { pureBf16: true }],
  ["full, bf16, gathered over 3 batches", llama, {
    bf16: true,
    perDeviceTrainBatchSize: 1,
    gradientAccumulationSteps: 3,
  }],
  ["full, fp32, summed over 3 batches, recomputed", llama, {
    perDeviceTrainBatchSize: 1,
    gradientAccumulationSteps: 3,
    ...again,
  }],
  ["full, with NEFTune", llama, { neftuneNoiseAlpha: 5 }],
  ["full, a head that is the embedding", tied, {}, "bf16"],
  ["full, a head that is the embedding, recomputed", tied, { dtype: "fp32", ...again }, "bf16"],
  ["full, biases, wide norms", biased, { bf16: true, upcastLayernorm: true }, "bf16"],
  ["the last two blocks", llama, { finetuningType: "freeze", freezeTrainableLayers: 2 }],
  ["the last two blocks, recomputed", llama, { finetuningType: "freeze", bf16: true, ...again }],
  ["the head alone", llama, {
    finetuningType: "freeze",
    freezeTrainableLayers: 0,
    freezeExtraModules: ["lm_head"],
    bf16: true,
  }],
  ["LoRA, bf16", llama, { finetuningType: "lora", bf16: true }, "bf16"],
  ["LoRA, bf16, recomputed", llama, { finetuningType: "lora", bf16: true, ...again }, "bf16"],
  ["LoRA, fp32, dropout", llama, { finetuningType: "lora", loraDropout: 0.1 }],
  ["LoRA of two projections", tied, { finetuningType: "lora", loraTarget: ["q_proj", "v_proj"] }, "bf16"],
  ["LoRA of rank 128 and whole embeddings", llama, {
    finetuningType: "lora",
    loraRank: 128,
    additionalTarget: ["embed_tokens", "lm_head"],
    bf16: true,
  }],
  ["LoRA on the head", llama, { finetuningType: "lora", loraTarget: ["q_proj", "lm_head"] }],
];

for (const [what, raw, settings, dtype] of cases) {
  Deno.test(`a plan is within 5 % of what a run holds at most: ${what}`, async () => {
    using model = await Model.draw(raw, dtype);
    const { expected, peak, off } = await compare(model.folder, { finetuningType: "full", ...rows, ...settings }, {
      train: setOf(LENGTHS),
    });
    assert(Math.abs(off) < 0.05, `${expected.peak} expected in ${expected.doing}, ${peak} measured: ${100 * off} %`);
  });
}

Deno.test("a plan counts an evaluation whose batches are larger than those of training", async () => {
  using model = await Model.draw(llama, "bf16");
  const settings = { finetuningType: "lora", perDeviceTrainBatchSize: 1, perDeviceEvalBatchSize: 12 };
  const sets = { train: setOf([40, 50]), evaluation: setOf(LENGTHS) };
  const { expected, off } = await compare(model.folder, settings, sets);
  assert.equal(expected.doing, "evaluation");
  assert(Math.abs(off) < 0.05, String(off));
});

Deno.test("a plan takes the largest batch of a run's order, and prompts that are not learned", async () => {
  using model = await Model.draw(llama);
  const lengths = Array.from({ length: 40 }, (_, i) => 20 + 17 * i % 600);
  const settings = { finetuningType: "full", perDeviceTrainBatchSize: 4, maxSteps: 12 };
  const { off } = await compare(model.folder, settings, { train: setOf(lengths, 15) });
  assert(Math.abs(off) < 0.05, String(off));
});

Deno.test("a plan counts rows that the embedding grows by, and embedding and head that train for added tokens", async () => {
  using model = await Model.draw(llama, "bf16");
  const grown = { train: setOf(LENGTHS), grown: 9_000 }, spare = { train: setOf(LENGTHS), added: [7_999] };
  const runs = [
    [{ finetuningType: "lora" }, grown],
    [{ finetuningType: "full", bf16: true }, grown],
    [{ finetuningType: "lora" }, spare],
    [{ finetuningType: "freeze", freezeTrainableLayers: 1, bf16: true }, spare],
  ] as const;
  for (const [settings, sets] of runs) {
    const { expected, off, ...has } = await compare(model.folder, { ...settings, ...rows, resizeVocab: true }, sets);
    assert.deepEqual([expected.parameters, expected.trainable], [has.parameters, has.trainable]);
    assert(Math.abs(off) < 0.05, String(off));
  }
});
