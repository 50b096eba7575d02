// Each of ftx's kernels on a GPU beside the same on a CPU in fp64.
import assert from "node:assert/strict";
import {
  linearLogProb,
  plainAttend,
  plainCrossEntropy,
  plainLogProb,
  plainRmsNorm,
  plainRope,
} from "../../src/nn/mod.ts";
import { type DType, from, gradients, gradNorm, manualSeed, randn, scope, type Tensor } from "../../src/tensor/mod.ts";
import { device, onGpu } from "./gpu.ts";

const WITHIN: Partial<Record<DType, number>> = { f32: 1e-5, bf16: 1e-2, f16: 2e-3 }; // relative, in the 2-norm

type Way = (...inputs: Tensor[]) => Tensor;

/** Asserts that value and gradients of `fast` on the GPU equal those of `plain` on the CPU in fp64. */
function hold(fast: Way, plain: Way, inputs: Tensor[], dtype: DType) {
  const narrow = inputs.map((t) => t.to(dtype));
  const run = (way: Way, xs: Tensor[]) => {
    const leaves = xs.map((x) => x.detach().requiresGrad()), y = way(...leaves);
    const pull = from(Float32Array.from({ length: y.size }, (_, i) => Math.cos(i)), y.shape);
    const given = gradients([y], leaves, [pull.toDevice(y.device, y.dtype)]);
    return [y.detach(), ...given.map((g) => g!)].map((t) => t.toDevice("cpu", "f64"));
  };
  const ours = run(fast, narrow.map((x) => x.toDevice(device, dtype, { copy: true })));
  const truth = run(plain, narrow.map((x) => x.to("f64", { copy: true })));
  ours.forEach((t, i) => {
    const error = t.sub(truth[i]).linalgVectorNorm().item() / (truth[i].linalgVectorNorm().item() + 1e-9);
    assert.ok(error <= WITHIN[dtype]!, `${i ? `gradient of input ${i - 1}` : "value"} in ${dtype}: ${error}`);
  });
}

const there = (t: Tensor) => t.toDevice(device, t.dtype);

for (const dtype of ["f32", "bf16", "f16"] as const) {
  const kernel = (name: string, fn: () => void, options = {}) =>
    onGpu(`${name} equals fp64 on a CPU: ${dtype}`, () => scope(() => (manualSeed(1), fn())), options);

  kernel("rms_norm", () =>
    hold(
      (x, w) => x.fusedRmsNorm(w, 1e-5),
      (x, w) => x.mul(x.mul(x).meanOver([-1], { keepdim: true }).add(1e-5).rsqrt()).mul(w),
      [randn([37, 256]), randn([256])],
      dtype,
    ));

  kernel(
    "swiglu",
    () => hold((g, u) => g.swiglu(u), (g, u) => g.silu().mul(u), [randn([37, 500]).mul(3), randn([37, 500])], dtype),
  );

  kernel("rope", () => {
    const angles = randn([64, 32]), [cos, sin] = [angles.cos(), angles.sin()];
    const positions = from(Int32Array.from({ length: 41 }, (_, i) => i * 3 % 64));
    const turns = [cos, sin, positions].map(there);
    hold(
      (x) => x.rope(turns[0], turns[1], turns[2]),
      (x) => plainRope(x, { cos, sin }, positions),
      [randn([41, 4, 64])],
      dtype,
    );
  });

  kernel("lora_linear", () => {
    const weight = randn([96, 64]).to(dtype);
    hold(
      (x, a, b) => x.loraLinear(there(weight), null, x, a, b, 0.5),
      (x, a, b) => x.linear(weight.to("f64")).add(x.linear(a).linear(b).mul(0.5)),
      [randn([33, 64]), randn([8, 64]).mul(0.1), randn([96, 8]).mul(0.1)],
      dtype,
    );
  });

  for (const smoothing of [0, 0.1]) {
    kernel(`linear_cross_entropy, label smoothing ${smoothing}`, () => {
      const targets = from(Int32Array.from({ length: 70 }, (_, i) => i * 13 % 199));
      hold(
        (x, w) => x.linearCrossEntropy(w, there(targets), smoothing, 32)[0],
        (x, w) => plainCrossEntropy(x, w, targets, smoothing).loss,
        [randn([70, 64]), randn([199, 64]).mul(0.2)],
        dtype,
      );
    });
  }

  kernel("linear_log_prob with the entropy", () => {
    const targets = from(Int32Array.from({ length: 70 }, (_, i) => i % 9 ? i * 13 % 199 : -100));
    const sum = ({ logp, entropy }: ReturnType<typeof linearLogProb>) => logp.add(entropy!.mul(-0.3)).sum();
    hold(
      (x, w) => sum(linearLogProb(x, w, there(targets), { temperature: 0.7, entropy: true, chunk: 32 })),
      (x, w) => sum(plainLogProb(x, w, targets, { temperature: 0.7 })),
      [randn([70, 64]), randn([199, 64]).mul(0.2)],
      dtype,
    );
  });

  for (const [lengths, window] of [[[64, 64], 0], [[1, 7, 130, 3], 0], [[200, 9, 77], 32]] as const) {
    for (const [H, K, C] of [[4, 4, 64], [8, 2, 128]]) {
      const N = lengths.reduce((a: number, b) => a + b, 0);
      const attention = (flash: boolean) => () => {
        const starts = Int32Array.from([0, ...lengths].map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0)));
        hold(
          (q, k, v) =>
            q.varlenAttention(k, v, there(from(starts)), Math.max(...lengths), window, 1 / Math.sqrt(C), 0, flash),
          (q, k, v) => plainAttend(q, k, v, { lengths, window: window || null }),
          [randn([N, H, C]), randn([N, K, C]), randn([N, K, C])],
          dtype,
        );
      };
      const what = `lengths ${lengths}, window ${window}, heads ${H}, ${K}, ${C} channels`;
      if (dtype !== "f32") kernel(`flash attention, ${what},`, attention(true), { least: 8 });
      if (!window) {
        kernel(`memory-efficient attention, ${what},`, attention(false), { least: dtype === "bf16" ? 8 : 5 });
      }
    }
  }
}

onGpu("the norm of gradients equals that of a CPU in fp64", () =>
  scope(() => {
    const grads = [randn([300, 70]), randn([9])];
    const truth = gradNorm(grads.map((g) => g.to("f64"))).item(), ours = gradNorm(grads.map(there)).item();
    assert.ok(Math.abs(ours / truth - 1) < 1e-6, `${ours}, not ${truth}`);
  }));

onGpu("rms_norm in bf16 rounds no worse than HF's modelling code", () =>
  scope(() => {
    const x = randn([64, 512]).to("bf16"), w = randn([512]).to("bf16"), wide = x.to("f64");
    const exact = wide.mul(wide.mul(wide).meanOver([-1], { keepdim: true }).add(1e-5).rsqrt()).mul(w.to("f64"));
    const off = (y: Tensor) => y.toDevice("cpu", "f64").sub(exact).linalgVectorNorm().item();
    const ours = off(there(x).fusedRmsNorm(there(w), 1e-5)), theirs = off(plainRmsNorm(x, w, 1e-5));
    assert.ok(ours <= 1.1 * theirs, `${ours}, HF's ${theirs}`);
  }));
