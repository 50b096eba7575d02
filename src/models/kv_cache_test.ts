import assert from "node:assert/strict";
import { layoutOf } from "../nn/mod.ts";
import { from, live, manualSeed, noGrad, randn, scope } from "../tensor/mod.ts";
import { build, type CausalLm, initialise, KvCache, modelConfig } from "./mod.ts";
import "../../tests/support/tensors.ts";

function model(changes: Record<string, unknown>): CausalLm {
  const config = modelConfig({
    vocab_size: 50,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    initializer_range: 0.3,
    ...changes,
  });
  const made = build(config, { dtype: "f32", device: "cpu" });
  manualSeed(3);
  initialise(made);
  return made;
}

const llama = { architectures: ["LlamaForCausalLM"] };
const mistral = { architectures: ["MistralForCausalLM"], sliding_window: 6 };

for (const [what, changes] of [["full attention", llama], ["a sliding window", mistral]] as const) {
  Deno.test(`next() in pieces gives the logits of the whole, ${what}`, () => {
    const before = live();
    const lm = model(changes), T = 300; // beyond the cache's first size
    const ids = Int32Array.from({ length: T }, (_, i) => (i * 7) % 50), positions = ids.map((_, i) => i);
    scope(() => {
      const whole = noGrad(() => lm.call(from(ids), layoutOf(positions, Int32Array.of(0, T), "cpu")));
      using cache = new KvCache();
      let at = 0;
      for (const piece of [1, 5, 1, 1, 250, 1, 40, 1]) {
        const cut = (x: Int32Array<ArrayBuffer>) => from(x.slice(at, at + piece));
        const logits = scope(() => lm.next(cut(ids), cut(positions), cache));
        at += piece;
        assert.equal(cache.length, at);
        const off = logits.sub(whole.select(0, at - 1)).linalgVectorNorm().item();
        assert.ok(off < 1e-4, `after ${at} tokens: ${off}`);
      }
      cache.cut(100); // and on from there
      const again = lm.next(from(ids.slice(100, 101)), from(positions.slice(100, 101)), cache);
      assert.ok(again.sub(whole.select(0, 100)).linalgVectorNorm().item() < 1e-4);
    });
    lm[Symbol.dispose]();
    assert.equal(live(), before);
  });
}

Deno.test("KvCache keeps every layer's tokens while it grows, and ends them", () => {
  const before = live();
  scope(() => {
    using cache = new KvCache();
    const added = [randn([200, 2, 4]), randn([57, 2, 4]), randn([600, 2, 4])];
    let total = 0;
    for (const k of added) {
      for (const layer of [0, 1]) {
        const [ks, vs] = cache.append(layer, k, k.mul(2));
        assert.deepEqual(ks.shape, [total + k.shape[0], 2, 4]);
        assert.deepEqual([...vs.narrow(0, total, k.shape[0]).toArray()], [...k.mul(2).toArray()]);
      }
      total += k.shape[0];
    }
    const [ks] = cache.append(0, randn([0, 2, 4]), randn([0, 2, 4]));
    assert.deepEqual([...ks.narrow(0, 200, 57).toArray()], [...added[1].toArray()]);
  });
  assert.equal(live(), before);
});
