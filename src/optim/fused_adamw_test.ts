// libtorch's fused step, which GPUs take, beside ftx's own for CPUs; both run on a CPU here.
import assert from "node:assert/strict";
import { parameter } from "../nn/mod.ts";
import { type DType, from, keep, live, manualSeed, noGrad, randn, scope, type Tensor } from "../tensor/mod.ts";
import { AdamW } from "./adamw.ts";
import "../../tests/support/tensors.ts";

const one = (x: number) => from(Float32Array.of(x));

/** Parameters of a type that all have a gradient, and their optimizer. */
function begin(dtype: DType, seed = 3, options = {}) {
  manualSeed(seed);
  const of = (shape: number[]) => parameter(keep(scope(() => randn(shape).to(dtype)))).requiresGrad();
  const named = [["w", of([7, 5])], ["q_norm.weight", of([5])], ["v", of([33])]] as const;
  const optimizer = new AdamW(named, { weightDecay: 0.1, ...options });
  const grads = () => noGrad(() => scope(() => named.forEach(([, p]) => p.grad = randn(p.shape).to(dtype))));
  const values = () =>
    scope(() => [...optimizer.state(), ...named].flatMap(([, t]: readonly [string, Tensor]) => [...t.toArray()]));
  return {
    optimizer,
    grads,
    values,
    [Symbol.dispose]() {
      optimizer[Symbol.dispose]();
      for (const [, p] of named) p[Symbol.dispose]();
    },
  };
}

for (const [dtype, tolerance] of [["f32", 1e-6], ["bf16", 1e-2], ["f16", 2e-3]] as const) {
  Deno.test(`stepOnDevice() makes step()'s five updates, with masters for narrow weights: ${dtype}`, () => {
    const before = live();
    {
      using ours = begin(dtype), fused = begin(dtype);
      for (let i = 0; i < 5; i++) {
        manualSeed(i);
        ours.grads();
        manualSeed(i);
        fused.grads();
        ours.optimizer.step(0.1, 0.25);
        scope(() => fused.optimizer.stepOnDevice(0.1, { divisor: one(4), skip: one(0) }));
      }
      const theirs = fused.values();
      ours.values().forEach((x, i) => assert.ok(Math.abs(x - theirs[i]) < tolerance, `${x} beside ${theirs[i]}`));
      assert.equal(fused.optimizer.steps, 5);
    }
    assert.equal(live(), before);
  });
}

Deno.test("stepOnDevice() changes nothing where the step is to be skipped, whatever the gradients", () => {
  using it = begin("f16");
  const before = it.values();
  it.grads();
  scope(() => it.optimizer.stepOnDevice(0.1, { divisor: one(NaN), skip: one(1) }));
  it.optimizer.takeBack();
  assert.deepEqual(it.values(), before);
  assert.equal(it.optimizer.steps, 0);
});

Deno.test("stepOnDevice() keeps pure bf16 in bf16", () => {
  using it = begin("bf16", 3, { pureBf16: true });
  it.grads();
  scope(() => it.optimizer.stepOnDevice(0.1, { divisor: one(1), skip: one(0) }));
  assert.ok([...it.optimizer.state()].every(([name, t]) => t.dtype === "bf16" && !name.startsWith("master")));
});
