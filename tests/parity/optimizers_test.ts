import assert from "node:assert/strict";
import { parameter } from "../../src/nn/mod.ts";
import { lion, Optimizer, sgd, uniform } from "../../src/optim/mod.ts";
import { live, noGrad, scope, type Tensor } from "../../src/tensor/mod.ts";
import { distance, drop, json, tensors } from "./fixture.ts";

const RULES = { sgd, lion }, PEERS = { sgd: "torch.optim.SGD", lion: "lion-pytorch" };

interface Case {
  name: string;
  rule: keyof typeof RULES;
  options: Record<string, never>;
  rate: number;
  weight_decay: number;
  narrow: boolean;
}

const rows = (t: Tensor) => Array.from({ length: t.shape[0] }, (_, i) => t.select(0, i));

for (
  const { name, rule, options, rate, weight_decay: weightDecay, narrow } of json("optimizers.json").cases as Case[]
) {
  Deno.test(`Optimizer makes twelve updates of ${PEERS[rule]} to 1e-6: ${name}`, async () => {
    const before = live();
    const all = await tensors("optimizers.safetensors");
    scope(() => {
      const p = parameter(all[`${name}.start`].clone().to(narrow ? "bf16" : "f32", { copy: true }));
      const optimizer = new Optimizer([["w", p.requiresGrad()]], uniform(RULES[rule](options), { weightDecay }));
      const weights = rows(all[`${name}.weights`]);
      rows(all[`${name}.gradients`]).forEach((g, i) => {
        p.grad = noGrad(() => g.mul(4));
        optimizer.step(rate * 0.9 ** i, 0.25); // what a sum of four batches is divided by
        const master = new Map(optimizer.state()).get("master.w") ?? p;
        assert.ok(distance(master, weights[i]) < 1e-6, `update ${i}: ${distance(master, weights[i])}`);
        if (narrow) assert.equal(p.sub(rows(all[`${name}.bf16`])[i]).to("f32").linalgVectorNorm().item(), 0);
      });
      const state = [...optimizer.state()].filter(([key]) => !key.startsWith("master"));
      const expected = all[`${name}.state`];
      assert.equal(state.length, expected ? 1 : 0);
      if (expected) assert.ok(distance(state[0][1], expected) < 1e-6);
      optimizer[Symbol.dispose]();
      p[Symbol.dispose]();
    });
    drop(all);
    assert.equal(live(), before);
  });
}
