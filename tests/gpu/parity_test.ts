// The peers' numbers, made again on a GPU: fp32 to 1e-4 with tf32 off, losses in bf16 to 1 %.
import assert from "node:assert/strict";
import { layoutOf } from "../../src/nn/mod.ts";
import { float32Products, noGrad, scope } from "../../src/tensor/mod.ts";
import { EXACT, follow } from "../parity/curves.ts";
import { distance, drop, model, tensors } from "../parity/fixture.ts";
import { holdGradients } from "../parity/gradients.ts";
import { device, onGpu } from "./gpu.ts";

for (const name of ["llama2", "llama3", "llama_bias", "mistral", "qwen2", "qwen3"]) {
  for (const dtype of ["f32", "bf16"] as const) {
    const how = dtype === "f32" ? "equal transformers' to 1e-4" : "are as near to fp32 as transformers' bf16 logits";
    onGpu(`${name}: ${dtype} logits ${how}`, async () => {
      float32Products(device);
      const lm = await model(name, {}, dtype, device), want = await tensors(`logits/${name}.safetensors`);
      scope(() =>
        noGrad(() => {
          const [B, T] = want.ids.shape, positions = Int32Array.from({ length: B * T }, (_, i) => i % T);
          const layout = layoutOf(positions, Int32Array.from({ length: B + 1 }, (_, i) => i * T), device);
          const ours = lm.call(want.ids.flatten().toDevice(device, "i32"), layout);
          const exact = dtype === "f32" ? want.logits : want.logits_rounded;
          const allowed = dtype === "f32" ? 1e-4 : 1.5 * distance(want.logits_bf16, want.logits_rounded);
          const error = distance(ours, exact.flatten(0, 1));
          assert.ok(error < allowed, `relative error ${error}, allowed ${allowed}`);
        })
      );
      drop(want);
      lm[Symbol.dispose]();
    });
  }
}

for (const name of ["llama2", "llama3", "qwen2", "qwen3"]) {
  for (const checkpointing of [false, true]) {
    const how = checkpointing ? "with" : "without";
    onGpu(
      `${name}: gradients of packed documents equal transformers' to 1e-4, ${how} checkpointing`,
      () => holdGradients(name, { checkpointing, tolerance: 1e-4, device }),
    );
  }
}

for (const name of EXACT) {
  onGpu(`30 steps equal HF Trainer's to 1e-4 in fp32: ${name}`, () => follow(name, 1e-4, device));
}
for (const name of ["full_bf16", "lora_bf16"]) {
  onGpu(`30 steps in bf16 stay within 1 % of HF Trainer's: ${name}`, () => follow(name, 1e-2, device));
}
