import assert from "node:assert/strict";
import { live, noGrad, ones, randn, scope, type Tensor } from "../tensor/mod.ts";
import { Embedding, Linear } from "./linear.ts";
import { Module, parameter } from "./module.ts";
import "../../tests/support/tensors.ts";

const f32 = { dtype: "f32", device: "cpu" } as const;

class Inner extends Module {
  upProj = new Linear(2, 3, { ...f32, bias: true });
  declare absent?: Linear;
  note = "not a part";
  protected forward(x: Tensor): Tensor {
    return this.upProj.call(x).silu();
  }
}

class Outer extends Module {
  layers = [new Inner(), new Inner()];
  finalNorm = parameter(ones([3], f32));
  through = new Inner();
  readonly #secret = parameter(ones([1], f32));
  protected forward(x: Tensor): Tensor {
    return this.layers[0].call(x).mul(this.finalNorm).mul(this.#secret);
  }
  protected override nameOf(field: string): string {
    return field === "through" ? "" : super.nameOf(field);
  }
  override [Symbol.dispose]() {
    super[Symbol.dispose]();
    this.#secret[Symbol.dispose]();
  }
}

Deno.test("parameters() names a field by its path, in snake case, and passes over what is private", () => {
  using model = new Outer();
  assert.deepEqual([...model.parameters()].map(([name, p]) => `${name} [${p.shape}]`), [
    "layers.0.up_proj.weight [3,2]",
    "layers.0.up_proj.bias [3]",
    "layers.1.up_proj.weight [3,2]",
    "layers.1.up_proj.bias [3]",
    "final_norm [3]",
    "up_proj.weight [3,2]",
    "up_proj.bias [3]",
  ]);
  assert.deepEqual([...model.parameters("model")].slice(4, 6).map(([name]) => name), [
    "model.final_norm",
    "model.up_proj.weight",
  ]);
});

Deno.test("modules() gives parents first, and put() replaces a part, in a field or a list", () => {
  using model = new Outer();
  const paths = ["layers.0", "layers.0.up_proj", "layers.1", "layers.1.up_proj", "", "up_proj"];
  assert.deepEqual([...model.modules()].map(({ path }) => path), paths);
  const other = new Inner(), inner = new Linear(2, 3, f32);
  const [list, , , field] = [...model.modules()];
  (list.module as Inner)[Symbol.dispose]();
  (field.module as Linear)[Symbol.dispose]();
  list.put(other);
  field.put(inner);
  assert.equal(model.layers[0], other);
  assert.equal(model.layers[1].upProj, inner);
});

Deno.test("call() ends everything but its result", () => {
  const model = new Inner();
  scope(() => {
    const x = randn([4, 2]), before = live();
    const y = noGrad(() => model.call(x));
    assert.deepEqual(y.shape, [4, 3]);
    assert.equal(live(), before + 1);
  });
  model[Symbol.dispose]();
});

Deno.test("a module's end is its parameters' end, and parameters outlive scopes until then", () => {
  const before = live();
  const model = scope(() => new Outer());
  assert.deepEqual(model.finalNorm.shape, [3]);
  model[Symbol.dispose]();
  assert.equal(live(), before);
});

Deno.test("parameters are frozen until they are asked to train", () => {
  using layer = new Embedding(3, 2, f32);
  assert.equal(layer.weight.wantsGrad, false);
  layer.weight.requiresGrad();
  assert.equal(layer.weight.wantsGrad, true);
});
