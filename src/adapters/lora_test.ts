import assert from "node:assert/strict";
import { error, holdEqual } from "../../tests/support/hold_equal.ts";
import { Linear, Projection } from "../nn/mod.ts";
import { gradients, live, manualSeed, noGrad, ones, randn, scope, type Tensor } from "../tensor/mod.ts";
import { LoraLinear, plainLora } from "./lora.ts";

manualSeed(1); // the same numbers on every run

const SCALE = 1.7;
const plain = (x: Tensor, w: Tensor, bias: Tensor | null, dropped: Tensor, a: Tensor, b: Tensor) =>
  x.linear(w, bias).add(dropped.linear(a.to(x.dtype)).linear(b.to(x.dtype)).mul(SCALE));

for (const [rows, I, O, R] of [[[1], 1, 1, 1], [[7], 33, 5, 3], [[2, 9], 20, 41, 8], [[300], 64, 130, 16]] as const) {
  for (const bias of [false, true]) {
    for (const drop of [false, true]) {
      const what = `[${rows}, ${I}] -> ${O}, rank ${R}${bias ? ", bias" : ""}${drop ? ", dropout" : ""}`;
      Deno.test(`loraLinear equals PEFT's steps, forward and backward, with fp32 A and B: ${what}`, () => {
        const before = live();
        scope(() => {
          const w = randn([O, I]).to("bf16"), c = bias ? randn([O]).to("bf16") : null; // the same numbers in every type
          const mask = randn([...rows, I]).gt(0);
          const dropped = (x: Tensor) => drop ? x.mul(mask.to(x.dtype)).mul(2) : x;
          const as = (x: Tensor) => [w.to(x.dtype), c && c.to(x.dtype)] as const;
          holdEqual({
            fast: (x, a, b) => x.loraLinear(...as(x), dropped(x), a, b, SCALE),
            plain: (x, a, b) => plain(x, ...as(x), dropped(x), a, b),
            narrow: [randn([...rows, I])],
            wide: [randn([R, I]), randn([O, R])],
          });
        });
        assert.equal(live(), before);
      });
    }
  }
}

Deno.test("loraLinear takes an input that is not contiguous", () =>
  scope(() => {
    const w = randn([6, 5]).to("bf16"), view = (x: Tensor) => x.t().narrow(1, 2, 5);
    holdEqual({
      fast: (x, a, b) => view(x).loraLinear(w.to(x.dtype), null, view(x), a, b, SCALE),
      plain: (x, a, b) => plain(view(x), w.to(x.dtype), null, view(x), a, b),
      narrow: [randn([8, 9])],
      wide: [randn([2, 5]), randn([6, 2])],
    });
  }));

Deno.test("loraLinear gives each input its gradient, whichever of them train", () =>
  scope(() => {
    for (const bias of [null, randn([6])]) {
      for (const drop of [false, true]) {
        const w = randn([6, 5]), leaves = [randn([4, 5]), randn([2, 5]), randn([6, 2])], pull = randn([4, 6]);
        const ask = (trained: number[]) => {
          const [x, a, b] = leaves.map((t, i) => t.detach().requiresGrad(trained.includes(i)));
          const y = x.loraLinear(w, bias, drop ? x.mul(2) : x, a, b, SCALE);
          return gradients([y], trained.map((i) => [x, a, b][i]), [pull]).map((g) => [...g!.toArray()]);
        };
        const all = ask([0, 1, 2]);
        for (const some of [[0], [1], [2], [0, 1], [0, 2], [1, 2]]) {
          assert.deepEqual(
            ask(some),
            some.map((i) => all[i]),
            `trained ${some}, bias ${bias !== null}, dropout ${drop}`,
          );
        }
      }
    }
  }));

Deno.test("loraLinear refuses a base that trains", () =>
  scope(() => {
    const f32 = { dtype: "f32" } as const, x = ones([1, 2], f32), w = ones([3, 2], f32).requiresGrad();
    assert.throws(() => x.loraLinear(w, null, x, ones([1, 2], f32), ones([3, 1], f32), 1), {
      name: "TensorError",
      message: "Cannot loraLinear(f32[1,2], f32[3,2], null, f32[1,2], f32[1,2], f32[3,1]): " +
        "weight and bias of a layer with LoRA cannot train",
    });
  }));

/** A linear layer of random weights, 5 to 6 channels. */
function linear(bias = false): Linear {
  const layer = new Linear(5, 6, { dtype: "f32", device: "cpu", bias });
  scope(() => noGrad(() => [...layer.parameters()].forEach(([, p]) => p.normal_())));
  return layer;
}
const filled = (layer: LoraLinear) => (scope(() => noGrad(() => layer.loraB.normal_())), layer);

Deno.test("a new LoraLinear changes nothing: A is drawn as PEFT draws it, and B is zero", () => {
  const before = live();
  scope(() => {
    using base = linear();
    const layer = new LoraLinear(base, { rank: 1000, alpha: 16 }), x = randn([3, 5]);
    layer.initialise();
    assert.deepEqual([...layer.call(x).toArray()], [...base.call(x).toArray()]);
    const a = layer.loraA.toArray(), most = Math.max(...a.map(Math.abs));
    assert.ok(most <= 1 / Math.sqrt(5) && most > 0.99 / Math.sqrt(5)); // Kaiming-uniform with a = √5: ±1/√I
    layer.initialise("gaussian");
    const deviation = layer.loraA.linalgVectorNorm().item() / Math.sqrt(5000);
    assert.ok(Math.abs(deviation * 1000 - 1) < 0.05); // N(0, 1/R²)
    assert.equal(layer.loraB.linalgVectorNorm().item(), 0);
    layer[Symbol.dispose]();
  });
  assert.equal(live(), before);
});

Deno.test("LoraLinear scales by alpha / rank, or alpha / √rank for rsLoRA", () => {
  using base = linear();
  using plain = new LoraLinear(base, { rank: 4, alpha: 6 });
  using stable = new LoraLinear(base, { rank: 4, alpha: 6, rslora: true });
  assert.deepEqual([plain.scale, stable.scale], [1.5, 3]);
});

for (const bias of [false, true]) {
  Deno.test(`LoraLinear computes what plainLora does, and what its merged weight does${bias ? ", with bias" : ""}`, () => {
    const before = live();
    scope(() => {
      const layer = new LoraLinear(linear(bias), { rank: 3, alpha: 4, dropout: 0.5 }), x = randn([7, 5]);
      layer.initialise();
      const y = filled(layer).call(x), off = (other: Tensor) => y.sub(other).linalgVectorNorm().item();
      assert.ok(off(plainLora(x, layer)) < 1e-5);
      layer.enabled = false;
      assert.ok(off(layer.call(x)) > 0.1);
      const merged = scope(() => layer.merge());
      assert.deepEqual([...merged.parameters()].map(([name]) => name), bias ? ["weight", "bias"] : ["weight"]);
      assert.ok(off((merged as Linear).call(x)) < 1e-5);
      merged[Symbol.dispose]();
    });
    assert.equal(live(), before);
  });
}

Deno.test("LoraLinear drops inputs of A alone, and only in training", () =>
  scope(() => {
    using layer = filled(new LoraLinear(linear(), { rank: 3, alpha: 4, dropout: 0.5 }));
    layer.initialise();
    filled(layer);
    const x = randn([400, 5]), still = layer.call(x);
    assert.deepEqual([...layer.call(x).toArray()], [...still.toArray()]);
    layer.training = true;
    manualSeed(4);
    const dropped = layer.call(x);
    manualSeed(4);
    assert.ok(dropped.sub(plainLora(x, layer, x.dropout(0.5, true))).linalgVectorNorm().item() < 1e-4);
    assert.ok(dropped.sub(still).linalgVectorNorm().item() > 1);
    scope(() => noGrad(() => layer.loraB.zero_()));
    assert.deepEqual([...layer.call(x).toArray()], [...layer.base.call(x).toArray()]);
  }));

Deno.test("LoraLinear's parameters bear the layer's own path, and PEFT's names", () => {
  using layer = new LoraLinear(linear(true), { rank: 2, alpha: 2 });
  assert.deepEqual([...layer.parameters("q_proj")].map(([name, p]) => [name, p.shape]), [
    ["q_proj.weight", [6, 5]],
    ["q_proj.bias", [6]],
    ["q_proj.lora_A.weight", [2, 5]],
    ["q_proj.lora_B.weight", [6, 2]],
  ]);
});

/** A linear layer that the fused operator must not stand in for. */
class OtherLinear extends Linear {}

for (const dtype of ["f32", "bf16"] as const) {
  for (const bias of [false, true]) {
    for (const dropout of [0, 0.5]) {
      const what = `${dtype}${bias ? ", bias" : ""}, dropout ${dropout}`;
      Deno.test(`LoraLinear computes the same over a Linear, fused, and over any other projection: ${what}`, () => {
        const before = live();
        scope(() => {
          const numbers = (Base: typeof Linear) => {
            manualSeed(2);
            using layer = new LoraLinear(new Base(65, 34, { bias, dtype, device: "cpu" }), {
              rank: 4,
              alpha: 4,
              dropout,
            });
            noGrad(() => [...layer.parameters()].forEach(([, p]) => p.normal_()));
            layer.training = true;
            const leaves = [randn([40, 65]).to(dtype), layer.loraA, layer.loraB].map((t) => t.requiresGrad());
            const y = layer.call(leaves[0]), made = gradients([y], leaves, [randn([40, 34]).to(dtype)]);
            return [y.detach(), ...made.map((g) => g!)];
          };
          const fused = numbers(Linear), other = numbers(OtherLinear);
          fused.forEach((t, i) => {
            assert.equal(t.dtype, other[i].dtype);
            assert.ok(error(t, other[i]) < (dtype === "f32" ? 1e-6 : 8e-3), `result ${i}: ${error(t, other[i])}`);
          });
        });
        assert.equal(live(), before);
      });
    }
  }
}

/** Twice what a linear layer computes, without a weight of its own: a quantised layer is no more to those who use it. */
class Twice extends Projection {
  constructor(readonly inner: Linear) {
    super();
  }
  readonly inFeatures = 5;
  readonly outFeatures = 6;
  readonly device = "cpu";
  protected forward(x: Tensor): Tensor {
    return this.inner.call(x).mul(2);
  }
  factors(x: Tensor): { x: Tensor; weight: Tensor } {
    return { x, weight: this.inner.weight.mul(2) };
  }
  add(delta: Tensor) {
    this.inner.add(delta.div(2));
  }
}

Deno.test("LoraLinear bypasses nothing: a branch over a branch, or over a layer without a weight, adds to what that computes", () => {
  const before = live();
  scope(() => {
    const options = { rank: 3, alpha: 4 }, x = randn([7, 5]), twice = new Twice(linear());
    const branch = (base: Projection) => {
      const layer = new LoraLinear(base, options);
      layer.initialise();
      layer.loraA.requiresGrad();
      layer.loraB.requiresGrad();
      return filled(layer);
    };
    const inner = branch(twice), outer = branch(inner);
    const low = (layer: LoraLinear) => x.linear(layer.delta());
    const near = (ours: Tensor, theirs: Tensor) => assert.ok(error(ours, theirs) < 1e-6);

    const y = outer.call(x), sum = twice.call(x).add(low(inner)).add(low(outer));
    near(y, sum);
    const leaves = [inner, outer].flatMap(({ loraA, loraB }) => [loraA, loraB]), pull = randn([7, 6]);
    const theirs = gradients([sum], leaves, [pull]);
    gradients([y], leaves, [pull]).forEach((g, i) => near(g!, theirs[i]!));
    const { x: wide, weight } = outer.factors(x);
    near(wide.linear(weight), sum);

    outer.enabled = false;
    near(outer.call(x), twice.call(x).add(low(inner)));
    [outer.enabled, inner.enabled] = [true, false];
    near(outer.call(x), twice.call(x).add(low(outer)));
    inner.enabled = true;

    assert.equal(outer.merge(), inner);
    near(inner.call(x), sum);
    assert.equal(inner.merge(), twice);
    near(twice.call(x), sum);
    twice[Symbol.dispose]();
  });
  assert.equal(live(), before);
});
