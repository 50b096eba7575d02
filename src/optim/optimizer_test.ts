import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { parameter } from "../nn/mod.ts";
import { type DType, from, keep, live, manualSeed, noGrad, randn, scope, type Tensor, zeros } from "../tensor/mod.ts";
import { decays, type Grouping, uniform } from "./optimizers.ts";
import { Optimizer, type OptimizerOptions } from "./optimizer.ts";
import type { Rule, RuleState } from "./rule.ts";
import { adamw } from "./rules/adamw.ts";
import { lion } from "./rules/lion.ts";
import { sgd } from "./rules/sgd.ts";

const one = (x: number) => from(Float32Array.of(x));

/** Two matrices and a vector with their optimizer, and gradients that depend on the step alone. */
function begin(groupOf: Grouping, { dtype = "f32", ...options }: { dtype?: DType } & OptimizerOptions = {}) {
  manualSeed(3);
  const drawn = (shape: number[]) => parameter(keep(scope(() => randn(shape).to(dtype)))).requiresGrad();
  const named = [["a", drawn([6, 4])], ["b", drawn([6, 4])], ["norm.weight", drawn([5])]] as const;
  const optimizer = new Optimizer(named, groupOf, options);
  const all = (): [string, Tensor][] => [...optimizer.state(), ...named.map(([n, p]): [string, Tensor] => [n, p])];
  return {
    optimizer,
    named,
    step(scale: Parameters<Optimizer["step"]>[1] = 1, rate = 0.1) {
      manualSeed(optimizer.steps);
      noGrad(() => scope(() => named.forEach(([, p]) => p.grad = randn(p.shape).to(dtype))));
      optimizer.step(rate, scale);
    },
    values: () => scope(() => Object.fromEntries(all().map(([name, t]) => [name, [...t.toArray()]]))),
    fill: (values: Record<string, number[]>) =>
      noGrad(() => scope(() => all().forEach(([n, t]) => t.copy_(from(Float32Array.from(values[n]), t.shape))))),
    [Symbol.dispose]() {
      optimizer[Symbol.dispose]();
      for (const [, p] of named) p[Symbol.dispose]();
    },
  };
}

/** GaLore's seam: runs a rule in the space of `rank` rows, which change every `gap` steps. */
function projected<S extends RuleState>(inner: Rule<S>, { rank = 2, gap = 2 } = {}): Rule<S & { basis: Tensor }> {
  return {
    state: (weight, name) => ({
      ...inner.state(zeros([rank, weight.shape[1]]), name),
      basis: zeros([rank, weight.shape[0]]),
    }),
    update(item, rates) {
      const { weight, gradient, state: { basis } } = item;
      if ((rates.step - 1) % gap === 0) basis.copy_(rows(rank, weight.shape[0], rates.step - 1));
      const small = zeros([rank, weight.shape[1]]);
      inner.update({ ...item, weight: small, gradient: basis.matmul(gradient) }, { ...rates, weightDecay: 0 });
      weight.add_(basis.t().matmul(small));
      weight.mul_(1 - rates.learningRate * rates.weightDecay);
    },
  };
}

/** `rank` rows of the unit matrix, from row `start` on. */
const rows = (rank: number, size: number, start: number) =>
  from(Float32Array.from({ length: rank * size }, (_, i) => +(i % size === (Math.floor(i / size) + start) % size)), [
    rank,
    size,
  ]);

/** The seam of 8-bit optimizers: keeps a rule's state in another type between steps. */
function packed<S extends RuleState>(inner: Rule<S>, dtype: DType): Rule<S> {
  const each = (state: S, change: (t: Tensor) => Tensor) =>
    Object.fromEntries(Object.entries(state).map(([key, t]) => [key, change(t)])) as S;
  return {
    state: (weight, name) => each(inner.state(weight, name), (t) => t.to(dtype)),
    update(item, rates) {
      const state = each(item.state, (t) => t.to("f32", { copy: true }));
      inner.update({ ...item, state }, rates);
      for (const [key, t] of Object.entries(state)) item.state[key].copy_(t);
    },
  };
}

/** Matrices by one rule, everything else by another. */
const split = (matrices: Rule, others: Rule): Grouping => {
  const groups = [{ rule: matrices }, { rule: others }];
  return (_, { shape }) => groups[shape.length === 2 ? 0 : 1];
};

const GROUPINGS: Record<string, () => Grouping> = {
  adamw: () => uniform(adamw(), { weightDecay: 0.1 }),
  "sgd with momentum": () => uniform(sgd({ momentum: 0.9 }), { weightDecay: 0.1 }),
  lion: () => uniform(lion(), { weightDecay: 0.1 }),
  "projected adamw for matrices, adamw for the rest": () => split(projected(adamw()), adamw()),
  "lion packed into bf16": () => uniform(packed(lion(), "bf16")),
  "projected, packed sgd for matrices, lion for the rest": () =>
    split(projected(packed(sgd({ momentum: 0.9 }), "f16")), lion()),
};

for (const [name, groupOf] of Object.entries(GROUPINGS)) {
  Deno.test(`an optimizer goes on from its facts and its state, bit for bit, and frees them: ${name}`, () => {
    const before = live();
    {
      using whole = begin(groupOf()), first = begin(groupOf()), rest = begin(groupOf());
      for (let i = 0; i < 5; i++) whole.step();
      for (let i = 0; i < 3; i++) first.step();
      rest.optimizer.load(JSON.parse(JSON.stringify(first.optimizer.facts())));
      rest.fill(first.values());
      for (let i = 0; i < 2; i++) rest.step();
      assert.deepEqual(rest.values(), whole.values());
      assert.deepEqual(rest.optimizer.facts(), { steps: 5 });
    }
    assert.equal(live(), before);
  });

  Deno.test(`step() takes numbers that are on a device, and skips there: ${name}`, () => {
    using host = begin(groupOf()), device = begin(groupOf());
    for (let i = 0; i < 4; i++) {
      host.step(0.25);
      scope(() => device.step({ divisor: one(4), skip: one(0) }));
    }
    const [ours, theirs] = [host, device].map((it) => Object.values(it.values()).flat());
    ours.forEach((x, i) => assert.ok(Math.abs(x - theirs[i]) < 1e-6, `${x} and ${theirs[i]}`));
    const before = device.values();
    scope(() => device.step({ divisor: one(NaN), skip: one(1) }));
    device.optimizer.takeBack();
    assert.deepEqual(device.values(), before);
    assert.equal(device.optimizer.steps, 4);
  });
}

Deno.test("a rule's keys name its state in checkpoints, of any shape and type", () => {
  using it = begin(GROUPINGS["projected, packed sgd for matrices, lion for the rest"](), { dtype: "bf16" });
  assert.deepEqual([...it.optimizer.state()].map(([name, t]) => [name, t.dtype, t.shape]), [
    ["momentum_buffer.a", "f16", [2, 4]],
    ["basis.a", "f32", [2, 6]],
    ["master.a", "f32", [6, 4]],
    ["momentum_buffer.b", "f16", [2, 4]],
    ["basis.b", "f32", [2, 6]],
    ["master.b", "f32", [6, 4]],
    ["exp_avg.norm.weight", "f32", [5]],
    ["master.norm.weight", "f32", [5]],
  ]);
});

Deno.test("a rule around a rule updates what the inner one updates", () => {
  const everyRow = split(projected(adamw(), { rank: 6 }), adamw());
  using outer = begin(everyRow), plain = begin(uniform(adamw()));
  for (let i = 0; i < 2; i++) [outer, plain].forEach((it) => it.step()); // one basis: a rotation of the rows
  const [ours, theirs] = [outer, plain].map((it) => it.values());
  for (const name of ["a", "b", "norm.weight"]) {
    ours[name].forEach((x, i) => assert.ok(Math.abs(x - theirs[name][i]) < 1e-6, `${name}: ${x}, ${theirs[name][i]}`));
  }
});

Deno.test("each group has its own rate and weight decay", () => {
  const rule = sgd(), fast = { rule, rate: 16 }, slow = { rule, weightDecay: 0.5 };
  using it = begin((name) => name === "a" ? fast : slow);
  scope(() =>
    noGrad(() => {
      for (const [, p] of it.named) [p.fill_(1), p.grad = zeros(p.shape).add(2)];
    })
  );
  it.optimizer.step(0.01);
  const { a, b, "norm.weight": norm } = it.values();
  for (const [values, expected] of [[a, 1 - 16 * 0.01 * 2], [b, 1 - 0.01 * 2.5], [norm, 1 - 0.01 * 2.5]] as const) {
    values.forEach((x) => assert.ok(Math.abs(x - expected) < 1e-7, `${x} and ${expected}`));
  }
});

for (const [name, rule] of Object.entries({ sgd: sgd({ momentum: 0.9 }), lion: lion() })) {
  Deno.test(`${name} keeps fp32 masters of bf16 weights, and none with pureBf16`, () => {
    using mixed = begin(uniform(rule), { dtype: "bf16" }),
      pure = begin(uniform(rule), { dtype: "bf16", pureBf16: true });
    for (let i = 0; i < 3; i++) [mixed, pure].forEach((it) => it.step(1, 1e-3));
    const { a, "master.a": master } = mixed.values();
    const rounded = scope(() => [...from(Float32Array.from(master)).to("bf16").toArray()]);
    assert.deepEqual(a, rounded);
    assert.notDeepEqual(a, master);
    assert.ok([...pure.optimizer.state()].every(([key, t]) => t.dtype === "bf16" && !key.startsWith("master")));
  });
}

Deno.test("decays() exempts biases and norms", () => {
  const names =
    "embed_tokens.weight q_proj.weight q_proj.lora_A.weight q_proj.bias input_layernorm.weight norm.weight q_norm.weight";
  assert.deepEqual(names.split(" ").map(decays), [true, true, true, false, false, false, false]);
});
