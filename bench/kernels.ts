// Times each fast path of ffi/kernels against its plain one, forward and backward together.
//
//   deno run -A bench/kernels.ts [runs]
import {
  linearCrossEntropy,
  linearLogProb,
  plainCrossEntropy,
  plainLogProb,
  plainRmsNorm,
  plainRope,
  Rope,
} from "../src/nn/mod.ts";
import { ownShim } from "../src/setup/own_shim.ts";
import {
  adamw_,
  type DType,
  fastFloat32,
  from,
  gradients,
  gradNorm,
  ones,
  openTensors,
  randn,
  scope,
  stack,
  type Tensor,
  threads,
  zeros,
} from "../src/tensor/mod.ts";

await openTensors(ownShim);

// N tokens, D hidden, F feed-forward width, H heads, C channels of a head, R rank, V vocabulary.
const N = 1024, D = 512, F = 1376, H = 8, C = 64, R = 16, V = 32_000;
const runs = Number(Deno.args[0] ?? 15);

/** One thing to compute in two ways, from inputs of which the first `trained` want gradients. */
interface Race {
  name: string;
  inputs: (dtype: DType) => Tensor[];
  /** Inputs that want gradients; default all, 0 for what has no backward. */
  trained?: number;
  fast: (...x: Tensor[]) => Tensor;
  plain: (...x: Tensor[]) => Tensor;
}

const rope = new Rope({ headDim: C, ropeTheta: 10_000, ropeScaling: null, maxPositionEmbeddings: N });
const positions = from(Int32Array.from({ length: N }, (_, i) => i)), turns = rope.turns(N);
const targets = from(Int32Array.from({ length: N }, (_, i) => (i * 7919) % V));

const races: Race[] = [
  {
    name: `RMSNorm [${N}, ${D}], weight frozen`,
    inputs: (t) => [randn([N, D]).to(t), ones([D]).to(t)],
    trained: 1,
    fast: (x, w) => x.fusedRmsNorm(w, 1e-5),
    plain: (x, w) => plainRmsNorm(x, w, 1e-5),
  },
  {
    name: `RMSNorm [${N}, ${D}], weight trained`,
    inputs: (t) => [randn([N, D]).to(t), ones([D]).to(t)],
    fast: (x, w) => x.fusedRmsNorm(w, 1e-5),
    plain: (x, w) => plainRmsNorm(x, w, 1e-5),
  },
  {
    name: `SwiGLU [${N}, ${F}]`,
    inputs: (t) => [randn([N, F]).to(t), randn([N, F]).to(t)],
    fast: (gate, up) => gate.swiglu(up),
    plain: (gate, up) => gate.silu().mul(up),
  },
  {
    name: `rope [${N}, ${H}, ${C}]`,
    inputs: (t) => [randn([N, H, C]).to(t)],
    fast: (x) => x.rope(turns.cos, turns.sin, positions),
    plain: (x) => plainRope(x, turns, positions),
  },
  {
    name: `LoRA [${N}, ${D}] -> ${F}, rank ${R}`,
    inputs: (t) => [randn([N, D]).to(t), randn([R, D]), randn([F, R]), randn([F, D]).to(t)],
    trained: 3,
    fast: (x, a, b, w) => x.loraLinear(w, null, x, a, b, 2),
    plain: (x, a, b, w) => x.linear(w).add(x.linear(a.to(x.dtype)).linear(b.to(x.dtype)).mul(2)),
  },
  {
    name: `head and loss [${N}, ${D}] · ${V}, head frozen`,
    inputs: (t) => [randn([N, D]).to(t), randn([V, D]).mul(0.02).to(t)],
    trained: 1,
    fast: (x, w) => linearCrossEntropy(x, w, targets).loss,
    plain: (x, w) => plainCrossEntropy(x, w, targets).loss,
  },
  {
    name: `head and loss [${N}, ${D}] · ${V}, head trained`,
    inputs: (t) => [randn([N, D]).to(t), randn([V, D]).mul(0.02).to(t)],
    fast: (x, w) => linearCrossEntropy(x, w, targets).loss,
    plain: (x, w) => plainCrossEntropy(x, w, targets).loss,
  },
  ...[1, undefined].map((trained): Race => ({
    name: `head and log-probabilities [${N}, ${D}] · ${V}, head ${trained ? "frozen" : "trained"}`,
    inputs: (t) => [randn([N, D]).to(t), randn([V, D]).mul(0.02).to(t)],
    trained,
    fast: (x, w) => linearLogProb(x, w, targets).logp,
    plain: (x, w) => plainLogProb(x, w, targets).logp,
  })),
  {
    name: "norm of gradients, 8 x [1376, 512]",
    inputs: (t) => Array.from({ length: 8 }, () => randn([F, D]).to(t)),
    trained: 0,
    fast: (...g) => gradNorm(g),
    plain: (...g) => stack(g.map((x) => x.linalgVectorNorm(2, null, { dtype: "f32" }))).linalgVectorNorm(),
  },
  {
    name: "AdamW [4096, 1024], fp32 master and moments",
    inputs: (t) => [randn([4096, 1024]).to(t), randn([4096, 1024]), randn([4096, 1024]).to(t), ...moments()],
    trained: 0,
    fast: (p, master, g, m, v) => {
      adamw_([p], [master], [g], [m], [v], { ...rates, lr: 1e-3, weightDecay: 0.1, step: 3, gradScale: 1 });
      return p;
    },
    plain: (p, master, g, m, v) => {
      const wide = g.to("f32");
      m.lerp_(wide, 1 - rates.beta1);
      v.mul_(rates.beta2).addcmul_(wide, wide, { value: 1 - rates.beta2 });
      master.mul_(1 - 1e-4).addcdiv_(m, v.sqrt().div_(0.05).add_(rates.eps), { value: -1e-3 / 0.27 });
      return p.copy_(master);
    },
  },
];
const rates = { beta1: 0.9, beta2: 0.999, eps: 1e-8 };
const moments = () => [zeros([4096, 1024], { dtype: "f32" }), zeros([4096, 1024], { dtype: "f32" })];

/** Milliseconds of each of the two, alternating, so that both run under the same load. */
function race({ inputs, trained, fast, plain }: Race, dtype: DType): { fast: number; plain: number } {
  return scope(() => {
    const given = inputs(dtype), count = trained ?? given.length;
    const leaves = given.slice(0, count).map((t) => t.requiresGrad());
    const pull = scope(() => randn(fast(...given).shape).to(fast(...given).dtype));
    const time = (path: Race["fast"]) => {
      const began = performance.now();
      scope(() => {
        const y = path(...given);
        if (count) gradients([y], leaves, [pull]);
      });
      return performance.now() - began;
    };
    const times = { fast: [] as number[], plain: [] as number[] };
    for (let i = -2; i < runs; i++) {
      const pair = { fast: time(fast), plain: time(plain) };
      if (i >= 0) times.fast.push(pair.fast), times.plain.push(pair.plain);
    }
    return { fast: median(times.fast), plain: median(times.plain) };
  });
}

const median = (xs: number[]) => xs.sort((a, b) => a - b)[xs.length >> 1];

if (import.meta.main) {
  threads(2);
  console.log(`2 threads, fp32 through oneDNN: ${fastFloat32()}, medians of ${runs}, milliseconds\n`);
  console.log("| | type | plain | fast | plain / fast |\n| --- | --- | --: | --: | --: |");
  for (const entry of races) {
    for (const dtype of ["f32", "bf16"] as const) {
      const { fast, plain } = race(entry, dtype);
      const cells = [entry.name, dtype, plain.toFixed(2), fast.toFixed(2), (plain / fast).toFixed(1)];
      console.log(`| ${cells.join(" | ")} |`);
    }
  }
}
