import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { parameter } from "../nn/mod.ts";
import { adamw, lion, LossScale, Optimizer, type Rule, uniform } from "../optim/mod.ts";
import { from, keep, live, manualSeed, noGrad, randn, scope, type Tensor } from "../tensor/mod.ts";
import { DeviceUpdate, HostUpdate, type StepOutcome, type Update } from "./update.ts";

const totals = (loss: number, right: number) => from(Float64Array.of(loss, right));

/** Five steps of an update over one parameter; the gradient of some is not finite. */
function run(update: Update, bad: (step: number) => boolean, scale?: LossScale, rule: Rule = adamw()) {
  manualSeed(1);
  const p = parameter(keep(scope(() => randn([9])))).requiresGrad();
  const optimizer = new Optimizer([["w", p]], uniform(rule));
  const outcomes: StepOutcome[] = [];
  for (let step = 0; step < 5; step++) {
    scope(() => {
      noGrad(() => p.grad = randn([9]).mul(bad(step) ? Infinity : (scale?.scale ?? 8) / 2));
      const end = { totals: totals(16, 4), optimizer, count: 8, learningRate: 0.1, maxGradNorm: 1, scale };
      outcomes.push(update.end(end));
    });
  }
  const values = scope(() => [...p.toArray()]), { steps } = optimizer;
  for (const it of [optimizer, p, update]) it[Symbol.dispose]();
  return { outcomes, values, steps };
}

const near = (xs: number[], ys: number[]) =>
  xs.forEach((x, i) => assert.ok(Math.abs(x - ys[i]) < 1e-6, `${x} ${ys[i]}`));

const RULES = { adamw: adamw(), "lion, which waits for the device": lion() };
for (const [what, bad] of [["all finite", () => false], ["some not", (i: number) => i === 1 || i === 2]] as const) {
  for (const [scaled, name] of [false, true].flatMap((s) => Object.keys(RULES).map((name) => [s, name] as const))) {
    const rule = RULES[name as keyof typeof RULES];
    Deno.test(`DeviceUpdate ends steps as HostUpdate does: ${what}${scaled ? ", with a loss scale" : ""}: ${name}`, () => {
      const before = live();
      const scales = [0, 1].map(() => scaled ? new LossScale() : undefined);
      const host = run(new HostUpdate(), bad, scales[0], rule);
      const device = run(new DeviceUpdate("cpu"), bad, scales[1], rule);
      near(host.values, device.values);
      assert.equal(host.steps, device.steps);
      host.outcomes.forEach((one, i) => {
        const other = device.outcomes[i];
        assert.deepEqual({ ...one, gradNorm: 0 }, { ...other, gradNorm: 0 });
        if (Number.isFinite(one.gradNorm)) near([one.gradNorm], [other.gradNorm]);
      });
      assert.deepEqual(scales[0]?.state(), scales[1]?.state());
      assert.equal(live(), before);
    });
  }
}

Deno.test("a step whose gradients overflow lowers the loss scale; one whose loss is NaN is no overflow", () => {
  const scale = new LossScale(), { outcomes } = run(new HostUpdate(), (i) => i === 0, scale);
  assert.deepEqual(outcomes.map(({ skipped, overflowed }) => [skipped, overflowed]), [
    [true, true],
    ...Array(4).fill([false, false]),
  ]);
  assert.equal(scale.scale, 32768);
  const p = parameter(keep(from(Float32Array.of(1)))).requiresGrad();
  const optimizer = new Optimizer([["w", p]], uniform(adamw())), update = new HostUpdate();
  scope(() => {
    noGrad(() => p.grad = from(Float32Array.of(NaN)) as Tensor);
    const end = { totals: totals(NaN, 0), optimizer, count: 1, learningRate: 0.1, maxGradNorm: 0, scale };
    const { skipped, overflowed } = update.end(end);
    assert.deepEqual([skipped, overflowed], [true, false]);
  });
  optimizer[Symbol.dispose]();
  p[Symbol.dispose]();
});

Deno.test("an update sends its work before the next step is prepared, and reads its numbers after", () => {
  for (const update of [new HostUpdate(), new DeviceUpdate("cpu")]) {
    const p = parameter(keep(from(Float32Array.of(1)))).requiresGrad();
    const optimizer = new Optimizer([["w", p]], uniform(adamw()));
    let steps = -1;
    scope(() => {
      noGrad(() => p.grad = from(Float32Array.of(1)) as Tensor);
      const meanwhile = () => steps = optimizer.steps;
      update.end({ totals: totals(1, 0), optimizer, count: 1, learningRate: 0.1, maxGradNorm: 0, meanwhile });
    });
    assert.equal(steps, 1);
    for (const it of [optimizer, p, update]) it[Symbol.dispose]();
  }
});
