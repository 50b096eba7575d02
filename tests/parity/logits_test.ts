import assert from "node:assert/strict";
import { layoutOf } from "../../src/nn/mod.ts";
import { live, noGrad, scope, type Tensor } from "../../src/tensor/mod.ts";
import { distance, drop, json, model, tensors } from "./fixture.ts";

/** ids [B, T] as documents of one length. */
function together(ids: Tensor) {
  const [B, T] = ids.shape;
  const positions = Int32Array.from({ length: B * T }, (_, i) => i % T);
  return layoutOf(positions, Int32Array.from({ length: B + 1 }, (_, i) => i * T), "cpu");
}

async function check(name: string, weights: string, changes: Record<string, unknown>) {
  const before = live();
  const lm = await model(weights, changes);
  const want = await tensors(`logits/${name}.safetensors`);
  scope(() =>
    noGrad(() => {
      const { ids, logits } = want, flat = logits.flatten(0, 1);
      const error = distance(lm.call(ids.flatten(), together(ids)), flat);
      assert.ok(error < 1e-5, `${name}: relative error ${error}`);
    })
  );
  drop(want);
  lm[Symbol.dispose]();
  assert.equal(live(), before);
}

for (const name of ["llama2", "llama3", "llama_bias", "mistral", "qwen2", "qwen3"]) {
  Deno.test(`${name}: fp32 logits equal transformers' to 1e-5`, () => check(name, name, {}));

  Deno.test(`${name}: bf16 logits are as near to fp32 as transformers' bf16 logits are`, async () => {
    const lm = await model(name, {}, "bf16"), want = await tensors(`logits/${name}.safetensors`);
    scope(() =>
      noGrad(() => {
        const { ids, logits_bf16, logits_rounded } = want;
        const ours = distance(lm.call(ids.flatten(), together(ids)), logits_rounded.flatten(0, 1));
        const theirs = distance(logits_bf16, logits_rounded);
        assert.ok(ours < 1.25 * theirs, `${name}: ours ${ours}, theirs ${theirs}`);
      })
    );
    drop(want);
    lm[Symbol.dispose]();
  });
}

const variants = json("logits/variants.json");
for (const [name, variant] of Object.entries<Record<string, any>>(variants)) {
  Deno.test(`${name}: logits equal transformers' to 1e-5, written as in 5.x`, () =>
    check(name, variant.model, variant.config));

  const absent = { rope_parameters: undefined, layer_types: undefined }; // keys that 4.x does not know
  Deno.test(`${name}: logits equal transformers' to 1e-5, written as in 4.x`, () =>
    check(name, variant.model, { ...absent, ...variant.legacy }));
}
