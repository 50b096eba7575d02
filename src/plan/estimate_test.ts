import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeRecipe } from "../recipe/mod.ts";
import { live } from "../tensor/mod.ts";
import { type Advice, adviceFor, changed } from "./advice.ts";
import { estimate, type Planned } from "./estimate.ts";
import { advised, forewords, outlook, sentence } from "./text.ts";
import "../../tests/support/tensors.ts";

// Llama 3.2 1B: 1,235,814,400 parameters, of which 262,668,288 are the embedding and the head.
const folder = mkdtempSync(join(tmpdir(), "ftx-estimate-"));
globalThis.addEventListener("unload", () => rmSync(folder, { recursive: true }));
writeFileSync(
  join(folder, "config.json"),
  JSON.stringify({
    ...{ architectures: ["LlamaForCausalLM"], vocab_size: 128_256, hidden_size: 2_048, intermediate_size: 8_192 },
    ...{ num_hidden_layers: 16, num_attention_heads: 32, num_key_value_heads: 8, head_dim: 64 },
    ...{ max_position_embeddings: 131_072, tie_word_embeddings: true, dtype: "bfloat16" },
  }),
);
const P = 1_235_814_400;

const recipe = {
  ...makeRecipe({
    ...{ modelNameOrPath: folder, dataset: ["none"], template: "chatml", finetuningType: "full", bf16: true },
    ...{ perDeviceTrainBatchSize: 4, cutoffLen: 2_048 },
  }, "train"),
  trainFromScratch: true, // there are no weights
};

const run = (others: Partial<Planned> = {}): Planned => ({
  ...{ recipe, device: "cuda:0", vocabulary: { tokens: 0, added: [] } },
  work: {
    steps: [[{ lengths: [2_048, 2_048, 2_048, 2_048], learned: 4 * 2_047 }]],
    ...{ longestRow: 2_048, tokensPerStep: 8_192 },
  },
  ...others,
});
const withChanges = (changes: Advice["settings"], others: Partial<Planned> = {}) =>
  estimate(changed(run(others), changes));

Deno.test("estimate() counts weights in the type they compute in, fp32 masters and two moments", async () => {
  const { parameters, trainable, least, copy } = await estimate(run());
  assert.deepEqual([parameters, trainable], [P, P]);
  assert.equal(least, P * (2 + 4 + 4 + 4));
  assert.equal(copy, least);
});

Deno.test("estimate() counts pure bf16 with 2 bytes for weights and each moment", async () => {
  assert.equal((await withChanges({ pureBf16: true })).least, P * 6);
});

Deno.test("estimate() counts LoRA's branches in fp32 with their moments, and saves nothing else", async () => {
  const { trainable, least, copy } = await withChanges({ finetuningType: "lora" });
  // rank 8 beside q and o (2048 x 2048), k and v (2048 x 512), gate, up and down (2048 x 8192), in 16 blocks
  assert.equal(trainable, 16 * 8 * (2 * 4_096 + 2 * 2_560 + 3 * 10_240));
  assert.equal(least, 2 * P + trainable * 12);
  assert.equal(copy, trainable * 12);
});

Deno.test("estimate() finds less memory with each thing that saves some", async () => {
  const estimates = [
      await estimate(run()),
      await withChanges({ gradientCheckpointing: true }),
      await withChanges({ gradientCheckpointing: true, perDeviceTrainBatchSize: 1 }),
      await withChanges({ gradientCheckpointing: true, perDeviceTrainBatchSize: 1, pureBf16: true }),
      await withChanges({ gradientCheckpointing: true, perDeviceTrainBatchSize: 1, finetuningType: "lora" }),
    ],
    peaks = estimates.map(({ peak }) => peak);
  assert.deepEqual(peaks, peaks.toSorted((a, b) => b - a));
  assert.equal(new Set(peaks).size, peaks.length);
});

Deno.test("estimate() keeps, of blocks that are recomputed, their inputs and one block's insides", async () => {
  const rows = 8_192, D = 2_048, F = 8_192, bf16 = 2;
  const whole = (await withChanges({ finetuningType: "lora" })).memory.activations;
  const again = (await withChanges({ finetuningType: "lora", gradientCheckpointing: true })).memory.activations;
  // h, two norms, q, y (D each), k and v (D / 4 each), gate, up and their product (F each)
  const block = rows * bf16 * (5 * D + 2 * D / 4 + 3 * F);
  // sums of the softmax, x Aᵀ of the branches, and the first and last hidden states come on top
  assert(whole > 16 * block && whole < 16 * block * 1.08, `${whole / block} blocks`);
  assert(again < 16 * rows * D * bf16 + 1.2 * block, `${again / block} blocks`);
});

Deno.test("estimate() counts 6 operations a parameter and token where everything trains, and attention", async () => {
  const all = (await estimate(run())).flopsPerToken;
  const attention = 16 * 7 * 2 * (2_049 / 2) * 32 * 64; // 7 products over half a document in each block
  const products = P - 33 * 2_048; // norms are none
  assert(Math.abs(all - (6 * products + attention)) < 2e-3 * all, String(all / products));
});

Deno.test("estimate() counts 8 operations where blocks are recomputed, and about 4 for LoRA", async () => {
  const { flopsPerToken: all } = await estimate(run()), head = 128_256 * 2_048, blocks = P - 33 * 2_048 - head;
  const again = (await withChanges({ gradientCheckpointing: true })).flopsPerToken - all;
  assert(Math.abs(again / (2 * blocks + 16 * 4 * (2_049 / 2) * 2_048) - 1) < 1e-3, String(again / blocks));
  const lora = (await withChanges({ finetuningType: "lora" })).flopsPerToken;
  assert(lora > 0.66 * all && lora < 0.7 * all, String(lora / all));
});

Deno.test("adviceFor() takes as many rows and as long examples as fit, and says which changes do", async () => {
  const lora = changed(run(), { finetuningType: "lora" }), expected = await estimate(lora);
  const peakWith = async (changes: Advice["settings"]) => (await estimate(changed(lora, changes))).peak;
  const room = 0.75 * expected.peak, advice = await adviceFor(expected, room);
  const [again, fewer, both, shorter] = advice.map(({ settings }) => settings);
  assert.deepEqual(again, { gradientCheckpointing: true });
  for (const { settings, peak, fits } of advice) {
    assert(Math.abs(peak / await peakWith(settings) - 1) < 1e-3); // but for buffers that the trial before has left larger
    assert.equal(fits, peak <= room);
  }
  const rows = Number(fewer.perDeviceTrainBatchSize);
  assert(await peakWith({ perDeviceTrainBatchSize: rows }) <= room);
  assert(await peakWith({ perDeviceTrainBatchSize: rows + 1 }) > room);
  assert.equal(fewer.gradientAccumulationSteps, Math.ceil(4 / rows));
  assert.deepEqual(both, { gradientCheckpointing: true, perDeviceTrainBatchSize: 3, gradientAccumulationSteps: 2 });
  const length = Number(shorter.cutoffLen);
  assert.equal(length % 256, 0);
  assert(await peakWith({ cutoffLen: length }) <= room && await peakWith({ cutoffLen: length + 256 }) > room);
});

Deno.test("adviceFor() offers fewer numbers and LoRA to a run that trains everything", async () => {
  const advice = await adviceFor(await estimate(run({ recipe: { ...recipe, bf16: false, dtype: "fp32" } })));
  const named = advice.map(({ settings }) => Object.keys(settings).join());
  for (const change of ["bf16", "pureBf16", "finetuningType"]) assert(named.includes(change), named.join(" "));
  assert(advice.every((one) => one.fits === undefined));
});

Deno.test("a dry run ends all tensors that it makes", async () => {
  const before = live();
  await adviceFor(await estimate(run({ device: "cpu" })), 2 ** 30);
  assert.equal(live(), before);
});

Deno.test("outlook() calls impossible only what weights and optimizer alone forbid", async () => {
  const expected = await estimate(run()), device = "cuda:0";
  assert.equal(outlook(expected, { device, bytes: expected.peak }), "fits");
  assert.equal(outlook(expected, { device, bytes: expected.peak - 1 }), "may not fit");
  assert.equal(outlook(expected, { device, bytes: expected.least }), "may not fit");
  assert.equal(outlook(expected, { device, bytes: expected.least - 1 }), "cannot fit");
  assert.equal(outlook(expected, { device }), "unknown");
});

Deno.test("a run on a CPU needs room for the copy that a save holds beside its tensors", async () => {
  const expected = await estimate(run({ device: "cpu" })), device = "cpu";
  assert.equal(outlook(expected, { device, bytes: expected.peak + expected.copy }), "fits");
  assert.equal(outlook(expected, { device, bytes: expected.peak + expected.copy - 1 }), "may not fit");
});

Deno.test("sentence(), forewords() and advised() are what a person reads", async () => {
  const expected = await estimate(run());
  assert.match(
    sentence(expected, { device: "cuda:0", bytes: 80 * 2 ** 30 }),
    /^This run will take about [\d.]+ GiB of 80.0 GiB free on cuda:0: weights 2.3 GiB, .*activations [\d.]+ GiB/,
  );
  const room = { device: "cuda:0", bytes: expected.peak * 0.9 };
  assert.match(
    (await forewords(expected, room))[1],
    /^warning: memory may run out; set gradient_checkpointing = true \([\d.]+ GiB\), or /,
  );
  const advice: Advice[] = [{ settings: { bf16: true }, peak: 2 ** 30, fits: false }, {
    settings: { finetuningType: "lora", perDeviceTrainBatchSize: 2 },
    peak: 2 ** 29,
    fits: true,
  }];
  assert.equal(advised(advice), "set finetuning_type = lora, per_device_train_batch_size = 2 (512 MiB)");
  assert.equal(advised(advice.slice(0, 1)), "choose a smaller model");
});
