import assert from "node:assert/strict";
import { attachAdapter, loraLayers, mergeLora, setTraining, withoutAdapters } from "../../src/adapters/mod.ts";
import type { CausalLm } from "../../src/models/mod.ts";
import { layoutOf } from "../../src/nn/mod.ts";
import { live, noGrad, scope, type Tensor } from "../../src/tensor/mod.ts";
import { distance, drop, json, model, path, tensors } from "./fixture.ts";

/** ids [B, T] -> logits [B, T, V]. */
function logits(lm: CausalLm, ids: Tensor): Tensor {
  const [B, T] = ids.shape;
  const positions = Int32Array.from({ length: B * T }, (_, i) => i % T);
  const layout = layoutOf(positions, Int32Array.from({ length: B + 1 }, (_, i) => i * T), "cpu");
  return noGrad(() => lm.call(ids.flatten(), layout)).unflatten(0, [B, T]);
}

const bases: Record<string, string> = json("adapters/bases.json");

for (const [name, base] of Object.entries(bases)) {
  Deno.test(`PEFT's adapter gives PEFT's logits to 1e-5, next to the weights and merged: ${name}`, async () => {
    const before = live();
    const lm = await model(base), want = await tensors(`adapters/${name}.safetensors`);
    const names = [...lm.parameters()].map(([key]) => key);
    await attachAdapter(lm, path(`adapters/${name}`));
    setTraining(lm, false);
    scope(() => {
      const near = (theirs: Tensor, what: string) => {
        const error = distance(logits(lm, want.ids), theirs);
        assert.ok(error < 1e-5, `${what}: relative error ${error}`);
      };
      near(want.logits, "adapter");
      mergeLora(lm);
      near(want.logits_merged, "merged");
    });
    assert.equal(loraLayers(lm).size, 0);
    assert.deepEqual([...lm.parameters()].map(([key]) => key), names);
    drop(want);
    lm[Symbol.dispose]();
    assert.equal(live(), before);
  });
}

Deno.test("withoutAdapters() computes the base model, and brings the branches back, even when it throws", async () => {
  using lm = await model("llama2");
  const want = await tensors("adapters/plain.safetensors");
  const values = () => scope(() => [...logits(lm, want.ids).toArray()]);
  const base = values();
  await attachAdapter(lm, path("adapters/plain"));
  const adapted = values();
  assert.notDeepEqual(adapted, base);
  assert.deepEqual(withoutAdapters(lm, values), base);
  assert.deepEqual(values(), adapted);
  const stop = new RangeError("stop");
  assert.throws(() =>
    withoutAdapters(lm, () => {
      throw stop;
    }), stop);
  assert.deepEqual(values(), adapted);
  drop(want);
});
