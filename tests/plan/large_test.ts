// The acceptance of the plan: two model sizes, full fp32, full bf16 and LoRA bf16, with and without recomputed blocks. A step of
// each, within 10 % of what the run reports. Minutes on two cores, so only where FTX_LARGE = 1 asks for it.

import assert from "node:assert/strict";
import { compare, Model, setOf } from "./measured.ts";

const common = { architectures: ["LlamaForCausalLM"], model_type: "llama", max_position_embeddings: 2_048 };
const MODELS = {
  "56 M parameters": {
    ...common,
    ...{ vocab_size: 32_000, hidden_size: 512, intermediate_size: 1_376, num_hidden_layers: 8 },
    ...{ num_attention_heads: 8, num_key_value_heads: 4 },
  },
  "20 M parameters": {
    ...common,
    ...{ vocab_size: 16_000, hidden_size: 384, intermediate_size: 1_024, num_hidden_layers: 6 },
    ...{ num_attention_heads: 6, num_key_value_heads: 2 },
  },
};
const METHODS: Record<string, [settings: Record<string, unknown>, dtype: "f32" | "bf16"]> = {
  "full, fp32": [{ finetuningType: "full" }, "f32"],
  "full, bf16": [{ finetuningType: "full", bf16: true }, "f32"],
  "LoRA, bf16": [{ finetuningType: "lora", bf16: true }, "bf16"],
};
const asked = Deno.env.get("FTX_LARGE") === "1";

for (const [size, raw] of Object.entries(MODELS)) {
  for (const [method, [settings, dtype]] of Object.entries(METHODS)) {
    for (const gradientCheckpointing of [false, true]) {
      const what = `${size}, ${method}${gradientCheckpointing ? ", recomputed" : ""}`;
      Deno.test({
        name: `a plan is within 10 % of what a run holds at most: ${what}${
          asked ? "" : " (skipped: FTX_LARGE is not 1)"
        }`,
        ignore: !asked,
        fn: async () => {
          using model = await Model.draw(raw, dtype);
          const run = { ...settings, gradientCheckpointing, perDeviceTrainBatchSize: 2, maxSteps: 1 };
          const { expected, peak, off } = await compare(model.folder, run, { train: setOf([512, 512]) });
          const MiB = (bytes: number) => (bytes / 2 ** 20).toFixed(1);
          console.log(
            `${what}: ${MiB(expected.peak)} MiB expected, ${MiB(peak)} MiB measured, ${(100 * off).toFixed(2)} %`,
          );
          assert(Math.abs(off) < 0.1);
        },
      });
    }
  }
}
