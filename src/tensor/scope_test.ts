import assert from "node:assert/strict";
import { cat, from, gradients, keep, live, noGrad, ones, randn, scope, type Tensor } from "./mod.ts";
import "../../tests/support/tensors.ts";

Deno.test("scope() releases everything but its result", () => {
  const before = live();
  const kept = scope(() => {
    const a = randn([2, 3]), b = a.add(1).mul(2);
    return { x: a, list: [b.silu()] };
  });
  assert.equal(live(), before + 2);
  assert.equal(String(kept.x), "f32[2,3]");
  kept.x[Symbol.dispose]();
  kept.list[0][Symbol.dispose]();
  assert.equal(live(), before);
});

Deno.test("scope() releases everything when its function throws", () => {
  const before = live();
  assert.throws(() =>
    scope(() => {
      randn([4]);
      throw new RangeError("stop");
    }), RangeError);
  assert.equal(live(), before);
});

Deno.test("scope() hands its result to the scope around", () => {
  const before = live();
  scope(() => {
    const inner = scope(() => randn([2]).add(1));
    assert.equal(live(), before + 1);
    inner.item;
  });
  assert.equal(live(), before);
});

Deno.test("scope() refuses an async function", () => {
  assert.throws(() => scope((() => Promise.resolve(1)) as () => unknown), {
    name: "TypeError",
    message: "Cannot use an async function as a scope: await outside it, and pass plain values in",
  });
});

Deno.test("a tensor used after its scope is a sentence", () => {
  let late!: Tensor;
  scope(() => {
    late = ones([2]);
  });
  assert.throws(() => late.add(1), {
    name: "TensorError",
    message:
      "Cannot add(released tensor, 1): tensor used after its scope ended; return it from its scope, or keep() it",
  });
});

Deno.test("a refused operator names itself, the shapes and the reason", () => {
  scope(() => {
    const a = ones([2, 3], { dtype: "f32" });
    assert.throws(() => a.matmul(a), {
      name: "TensorError",
      message: "Cannot matmul(f32[2,3], f32[2,3]): mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)",
    });
  });
});

Deno.test("keep() outlives its scope until it is disposed", () => {
  const before = live();
  const t = scope(() => keep(ones([3])));
  assert.equal(t.sum().item(), 3);
  t[Symbol.dispose]();
  t[Symbol.dispose](); // twice is harmless
  assert.equal(live() - before, 1); // the sum, made outside every scope
});

Deno.test("backward() gathers and gradients() asks", () => {
  scope(() => {
    const w = keep(from(new Float32Array([1, 2, 3]))).requiresGrad();
    scope(() => w.mul(w).sum().backward());
    assert.deepEqual([...w.grad!.toArray()], [2, 4, 6]);
    scope(() => w.mul(w).sum().backward());
    assert.deepEqual([...w.grad!.toArray()], [4, 8, 12]);
    w.grad = null;
    assert.equal(w.grad, null);
    const [g, none] = gradients([w.mul(3)], [w, from(new Float32Array(1)).requiresGrad()], [ones([3])]);
    assert.deepEqual([...g!.toArray()], [3, 3, 3]);
    assert.equal(none, null);
    assert.equal(noGrad(() => w.mul(2).wantsGrad), false);
    w[Symbol.dispose]();
  });
});

Deno.test("lists of tensors and of numbers keep apart in one call", () => {
  scope(() => {
    const a = ones([1, 2]), b = a.mul(2);
    assert.deepEqual(cat([a, b], 0).shape, [2, 2]);
    assert.deepEqual(a.expand([3, 2]).splitWithSizes([1, 2]).map((t) => t.shape), [[1, 2], [2, 2]]);
  });
});

Deno.test("reading a tensor outside every scope leaves nothing behind", () => {
  const t = keep(ones([2, 2])), before = live();
  assert.deepEqual([...t.toArray()], [1, 1, 1, 1]);
  assert.deepEqual([...t.toNumbers()], [1, 1, 1, 1]);
  assert.equal(live(), before);
  t[Symbol.dispose]();
});
