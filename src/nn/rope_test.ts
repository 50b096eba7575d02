import assert from "node:assert/strict";
import { from, gradients, live, manualSeed, randn, scope, type Tensor } from "../tensor/mod.ts";
import { holdEqual } from "../../tests/support/hold_equal.ts";
import { frequencies, plainRope, Rope, type RopeConfig } from "./rope.ts";

manualSeed(1); // the same numbers on every run

const config = (headDim: number, more: Partial<RopeConfig> = {}): RopeConfig => ({
  headDim,
  ropeTheta: 10_000,
  ropeScaling: null,
  maxPositionEmbeddings: 128,
  ...more,
});

for (const [N, H, C] of [[1, 1, 2], [3, 5, 6], [7, 2, 34], [300, 9, 64]]) {
  Deno.test(`rope equals plainRope, forward and backward: [${N}, ${H}, ${C}]`, () => {
    const before = live();
    using rope = new Rope(config(C));
    scope(() => {
      const turns = rope.turns(N), positions = from(Int32Array.from({ length: N }, (_, i) => (i * 7) % N));
      holdEqual({
        fast: (x) => x.rope(turns.cos, turns.sin, positions),
        plain: (x) => plainRope(x, turns, positions),
        narrow: [randn([N, H, C])],
      });
    });
    rope[Symbol.dispose]();
    assert.equal(live(), before);
  });
}

Deno.test("rope takes an input and positions that are not contiguous", () =>
  scope(() => {
    using rope = new Rope(config(8));
    const turns = rope.turns(40), positions = from(Int32Array.from({ length: 20 }, (_, i) => i)).slice(0, 0, 20, 2);
    const view = (x: Tensor) => x.transpose(0, 1).narrow(2, 2, 8);
    holdEqual({
      fast: (x) => view(x).rope(turns.cos, turns.sin, positions),
      plain: (x) => plainRope(view(x), turns, positions),
      narrow: [randn([3, 10, 12])],
    });
  }));

Deno.test("the gradient of rope is the opposite turn", () =>
  scope(() => {
    using rope = new Rope(config(16));
    const x = randn([9, 2, 16], { dtype: "f32" }).requiresGrad();
    const positions = from(Int32Array.from({ length: 9 }, (_, i) => i)), { cos, sin } = rope.turns(9);
    const y = x.rope(cos, sin, positions);
    const [back] = gradients([y], [x], [y.detach()]);
    assert.ok(back!.sub(x).linalgVectorNorm().item() < 1e-5);
  }));

Deno.test("rope refuses positions outside its tables", () =>
  scope(() => {
    using rope = new Rope(config(4));
    const { cos, sin } = rope.turns(1), x = randn([1, 1, 4], { dtype: "f32" });
    for (const position of [-1, 256]) {
      assert.throws(() => x.rope(cos, sin, from(new Int32Array([position]))), {
        name: "TensorError",
        message:
          `Cannot rope(f32[1,1,4], f32[256,2], f32[256,2], i32[1]): position ${position} is outside the tables, which have 256`,
      });
    }
  }));

Deno.test("Rope keeps its tables, grows them by doubling, and ends them", () => {
  const before = live();
  using rope = new Rope(config(4));
  scope(() => {
    assert.deepEqual(rope.turns(3).cos.shape, [256, 2]);
    assert.deepEqual(rope.turns(257).cos.shape, [512, 2]);
    assert.deepEqual(rope.turns(5000).cos.shape, [5000, 2]);
    assert.deepEqual(rope.turns(3).cos.shape, [5000, 2]);
  });
  rope[Symbol.dispose]();
  assert.equal(live(), before);
});

Deno.test("turns stay usable in their scope after longer ones were asked for", () =>
  scope(() => {
    using rope = new Rope(config(4));
    const first = rope.turns(3), cos = [...first.cos.narrow(0, 0, 3).toArray()];
    rope.turns(1000);
    assert.deepEqual([...first.cos.narrow(0, 0, 3).toArray()], cos);
  }));

Deno.test("dynamic rope depends on the length at hand, not on those before, so a resumed run turns alike", () =>
  scope(() => {
    using rope = new Rope(config(8, { ropeScaling: { type: "dynamic", factor: 2 } }));
    const at = (length: number) => rope.turns(length).cos.select(0, 20).toArray();
    const plain = at(100), long = at(300);
    assert.notDeepEqual(long, plain);
    assert.deepEqual(at(100), plain);
    assert.notDeepEqual(at(200), long);
    assert.deepEqual(at(300), long);
    const wanted = frequencies(rope.config, 300).rates.map((r) => Math.cos(20 * r));
    long.forEach((v, i) => assert.ok(Math.abs(v - wanted[i]) < 1e-5));
  }));
