// libtorch's fused step for GPUs, ftx's own for CPUs, and the plain one: all three run on a CPU here.
import assert from "node:assert/strict";
import "../../../tests/support/tensors.ts";
import { parameter } from "../../nn/mod.ts";
import { type DType, from, keep, live, manualSeed, noGrad, randn, scope, type Tensor } from "../../tensor/mod.ts";
import { uniform } from "../optimizers.ts";
import { Optimizer, type OptimizerOptions } from "../optimizer.ts";
import type { Rule } from "../rule.ts";
import { adamw } from "./adamw.ts";

const one = (x: number) => from(Float32Array.of(x));

/** Parameters of a type that all have a gradient, and their optimizer. */
function begin(dtype: DType, { rule = adamw(), ...options }: { rule?: Rule } & OptimizerOptions = {}) {
  manualSeed(3);
  const of = (shape: number[]) => parameter(keep(scope(() => randn(shape).to(dtype)))).requiresGrad();
  const named = [["w", of([7, 5])], ["q_norm.weight", of([5])], ["v", of([33])]] as const;
  const optimizer = new Optimizer(named, uniform(rule, { weightDecay: 0.1 }), options);
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
  Deno.test(`adamw makes the same five updates fused, on a device and one by one, with masters for narrow weights: ${dtype}`, () => {
    const before = live();
    {
      const { state, update } = adamw();
      using fused = begin(dtype), device = begin(dtype), plain = begin(dtype, { rule: { state, update } });
      for (let i = 0; i < 5; i++) {
        for (const it of [fused, device, plain]) {
          manualSeed(i);
          it.grads();
        }
        fused.optimizer.step(0.1, 0.25);
        scope(() => device.optimizer.step(0.1, { divisor: one(4), skip: one(0) }));
        plain.optimizer.step(0.1, 0.25);
      }
      for (const other of [device, plain]) {
        const theirs = other.values();
        fused.values().forEach((x, i) => assert.ok(Math.abs(x - theirs[i]) < tolerance, `${x} and ${theirs[i]}`));
        assert.equal(other.optimizer.steps, 5);
      }
    }
    assert.equal(live(), before);
  });
}

Deno.test("adamw changes nothing on a device where the step is skipped, whatever the gradients", () => {
  using it = begin("f16");
  const before = it.values();
  it.grads();
  scope(() => it.optimizer.step(0.1, { divisor: one(NaN), skip: one(1) }));
  it.optimizer.takeBack();
  assert.deepEqual(it.values(), before);
  assert.equal(it.optimizer.steps, 0);
});

Deno.test("adamw keeps pure bf16 in bf16", () => {
  using it = begin("bf16", { pureBf16: true });
  it.grads();
  scope(() => it.optimizer.step(0.1, { divisor: one(1), skip: one(0) }));
  assert.ok([...it.optimizer.state()].every(([name, t]) => t.dtype === "bf16" && !name.startsWith("master")));
});
