// SwiGLU and rope where ftx's loops do not go: fp64 and fp16 on a CPU take the path that GPUs take.
import assert from "node:assert/strict";
import { from, gradients, live, manualSeed, randn, scope, type Tensor } from "../tensor/mod.ts";
import { plainRope } from "./rope.ts";
import "../../tests/support/tensors.ts";

manualSeed(1); // the same numbers on every run

/** Asserts that value and gradients of two ways are the same to `tolerance` in fp64. */
function hold(fast: (...xs: Tensor[]) => Tensor, plain: typeof fast, inputs: readonly Tensor[]) {
  const both = [fast, plain].map((way) => {
    const leaves = inputs.map((t) => t.to("f64", { copy: true }).requiresGrad());
    const y = way(...leaves);
    return [y.detach(), ...gradients([y.mul(y).sum()], leaves).map((g) => g!)];
  });
  both[0].forEach((t, i) => {
    const off = t.sub(both[1][i]).linalgVectorNorm().item(), size = both[1][i].linalgVectorNorm().item();
    assert.ok(off <= 1e-6 * size, `${i ? `gradient ${i - 1}` : "value"}: ${off / size}`); // tables are fp32
  });
}

Deno.test("swiglu equals silu · mul in fp64 and keeps two tensors for its backward", () => {
  const before = live();
  scope(() => hold((g, u) => g.swiglu(u), (g, u) => g.silu().mul(u), [randn([5, 17]), randn([5, 17])]));
  assert.equal(live(), before);
});

Deno.test("rope equals HF's rotate_half in fp64, and its gradient turns back", () =>
  scope(() => {
    const angles = randn([40, 4]), cos = angles.cos(), sin = angles.sin();
    const positions = from(Int32Array.from({ length: 11 }, (_, i) => (i * 7) % 40));
    hold((x) => x.rope(cos, sin, positions), (x) => plainRope(x, { cos, sin }, positions), [randn([11, 3, 8])]);
  }));

Deno.test("rope and swiglu keep fp16", () =>
  scope(() => {
    const x = randn([2, 1, 4]).to("f16"), table = randn([2, 2]), positions = from(Int32Array.of(0, 1));
    assert.equal(x.rope(table, table, positions).dtype, "f16");
    assert.equal(x.swiglu(x).dtype, "f16");
  }));
