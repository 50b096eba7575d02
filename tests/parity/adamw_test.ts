import assert from "node:assert/strict";
import { parameter } from "../../src/nn/mod.ts";
import { adamw, Optimizer, uniform } from "../../src/optim/mod.ts";
import { from, live, noGrad, scope, type Tensor } from "../../src/tensor/mod.ts";
import { distance, drop, tensors } from "./fixture.ts";

const rows = (t: Tensor) => Array.from({ length: t.shape[0] }, (_, i) => t.select(0, i));

for (const name of ["plain", "decayed", "other_betas", "master"]) {
  Deno.test(`AdamW makes torch.optim.AdamW's five updates to 1e-5: ${name}`, async () => {
    const before = live();
    const all = await tensors("adamw.safetensors");
    scope(() => {
      const [lr, beta1, beta2, eps, weightDecay] = rows(all[`${name}.settings`]).map((t) => t.item());
      const narrow = name === "master";
      const p = parameter(all[`${name}.start`].clone().to(narrow ? "bf16" : "f32", { copy: true }));
      const optimizer = new Optimizer(
        [["w", p.requiresGrad()]],
        uniform(adamw({ beta1, beta2, eps }), { weightDecay }),
      );
      const weights = rows(all[`${name}.weights`]), gradients = rows(all[`${name}.gradients`]);
      gradients.forEach((g, i) => {
        p.grad = noGrad(() => g.mul(4));
        optimizer.step(lr / 2 ** i, 0.25); // what a sum of four batches is divided by
        const state = new Map(optimizer.state());
        const master = state.get("master.w") ?? p;
        assert.ok(distance(master, weights[i]) < 1e-6, `update ${i}: ${distance(master, weights[i])}`);
        if (narrow) assert.equal(p.sub(rows(all["master.bf16"])[i]).to("f32").linalgVectorNorm().item(), 0);
      });
      const state = new Map(optimizer.state());
      assert.ok(distance(state.get("exp_avg.w")!, all[`${name}.first`]) < 1e-5);
      assert.ok(distance(state.get("exp_avg_sq.w")!, all[`${name}.second`]) < 1e-5);
      optimizer[Symbol.dispose]();
      p[Symbol.dispose]();
    });
    drop(all);
    assert.equal(live(), before);
  });
}

Deno.test("AdamW sums the gradients of several batches in fp32, and norm() may be called before step()", () => {
  scope(() => {
    const p = parameter(from(new Float32Array([1, 1])).to("bf16")).requiresGrad();
    const optimizer = new Optimizer([["w", p]], uniform(adamw()));
    for (const g of [1, 1 / 512, 1 / 512]) { // bf16 would lose both small ones
      p.grad = from(new Float32Array([g, 0])).to("bf16");
      optimizer.gather();
    }
    assert.equal(scope(() => optimizer.norm().item()), 1 + 1 / 256);
    assert.equal(scope(() => optimizer.norm().item()), 1 + 1 / 256);
    optimizer.step(0.5);
    assert.deepEqual([...p.toArray()], [0.5, 1]);
    assert.equal(p.grad, null);
    optimizer[Symbol.dispose]();
    p[Symbol.dispose]();
  });
});
