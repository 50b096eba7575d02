// Lists that cross to libtorch and back: of any length, whatever buffers there are on the way.
import assert from "node:assert/strict";
import { parse } from "../../tools/gen.ts";
import "../../tests/support/tensors.ts";
import {
  adamw_,
  cat,
  empty,
  from,
  full,
  fusedAdamw_,
  gradients,
  gradNorm,
  hostTensor,
  live,
  ones,
  pinnedTensor,
  rand,
  randn,
  schemaOf,
  scope,
  stack,
  type Tensor,
  TensorError,
  zeros,
} from "./mod.ts";

const f32 = { dtype: "f32" } as const;

/** Lengths about those of the buffers: 64 sizes of a shape, 4,096 numbers or handles. */
const LENGTHS = [1, 63, 64, 65, 4095, 4096, 4097, 70_000];
const counting = (n: number) => Array.from({ length: n }, (_, i) => i);
const numbers = (n: number) => from(Float32Array.from({ length: n }, (_, i) => i));
const parts = (n: number) => counting(n).map((i) => full([1], i, f32));

/** A shape of n sizes, with numbers in other places than the first. */
const shape = (n: number) => n < 3 ? Array(n).fill(2) : [2, ...Array(n - 2).fill(1), 3];
const hasShape = (t: Tensor, n: number) => assert.deepEqual(t.shape, shape(n));

const libtorchRefuses = (e: unknown) =>
  e instanceof TensorError && e.message.endsWith(": only tensors with up to 64 dims are supported");
/** Runs what libtorch does up to 64 dimensions; beyond that it must refuse, with its reason. */
const upTo64 = (n: number, act: () => void) => {
  if (n <= 64) act();
  else assert.throws(act, libtorchRefuses);
};

/** One step on n parameters of value 1, whose gradient is 0 but for the last one's. */
function step(n: number, act: (params: Tensor[], grads: Tensor[], first: Tensor[], second: Tensor[]) => void) {
  const zero = () => counting(n).map(() => zeros([1], f32)), params = counting(n).map(() => ones([1], f32));
  const grads = zero();
  grads[n - 1].fill_(1);
  act(params, grads, zero(), zero());
  const after = cat(params).toArray();
  assert.deepEqual([...after.subarray(0, n - 1)], Array(n - 1).fill(1));
  assert.ok(Math.abs(after[n - 1] - 0.9) < 1e-6, `${after[n - 1]}`); // the first step of Adam is the rate
}
const RATES = { lr: 0.1, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0, step: 1 };

/** For each operator of ffi/ops.txt that takes or gives a list: sends or gets one of n, and asserts what comes of it. */
const CASES: Record<string, (n: number) => void> = {
  "mean.dim": (n) => upTo64(n, () => assert.equal(ones(shape(n), f32).meanOver(counting(n)).item(), 1)),
  "linalg_vector_norm": (n) => {
    const t = full(shape(n), 0.5, f32), truth = 0.5 * Math.sqrt(t.size);
    upTo64(n, () => assert.ok(Math.abs(t.linalgVectorNorm(2, counting(n)).item() - truth) < 1e-6));
  },
  "rms_norm": (n) => {
    const normal = () => ones(shape(n), f32).rmsNorm(shape(n), null, 0).toArray()[0];
    upTo64(n, () => assert.ok(Math.abs(normal() - 1) < 1e-6));
  },
  "reshape": (n) => hasShape(ones([n < 3 ? 2 ** n : 6], f32).reshape(shape(n)), n),
  "view": (n) => hasShape(ones([n < 3 ? 2 ** n : 6], f32).view(shape(n)), n),
  "expand": (n) => hasShape(ones([1], f32).expand(shape(n)), n),
  "unflatten.int": (n) => hasShape(ones([n < 3 ? 2 ** n : 6], f32).unflatten(0, shape(n)), n),
  "chunk": (n) => counts(numbers(n).chunk(n)),
  "split_with_sizes": (n) => counts(numbers(n).splitWithSizes(Array(n).fill(1))),
  "cat": (n) => assert.deepEqual(cat(parts(n)).toArray(), numbers(n).toArray()),
  "stack": (n) => assert.deepEqual(stack(parts(n)).squeeze(1).toArray(), numbers(n).toArray()),
  "empty.memory_format": (n) => hasShape(empty(shape(n), f32), n),
  "zeros": (n) => hasShape(zeros(shape(n), f32), n),
  "ones": (n) => hasShape(ones(shape(n), f32), n),
  "full": (n) => hasShape(full(shape(n), 2, f32), n),
  "rand": (n) => hasShape(rand(shape(n), f32), n),
  "randn": (n) => hasShape(randn(shape(n), f32), n),
  "attention": (n) => { // documents of one token each: every token attends to itself, so the answer is v
    const [q, k, v] = [0, 1, 2].map(() => randn([n, 1, 8], f32));
    assert.deepEqual(q.attention(k, v, Array(n).fill(1), 0, 1).toArray(), v.toArray());
  },
  "grad_norm": (n) =>
    assert.ok(Math.abs(gradNorm(counting(n).map(() => ones([1], f32))).item() / Math.sqrt(n) - 1) < 1e-6),
  "adamw_": (n) => step(n, (p, g, m, v) => adamw_(p, p, g, m, v, { ...RATES, gradScale: 1 })),
  "fused_adamw_": (n) => step(n, (p, g, m, v) => fusedAdamw_(p, p, g, m, v, ones([1], f32), zeros([1], f32), RATES)),
};

/** Asserts that these are 0, 1, 2 … */
function counts(given: Tensor[]) {
  assert.deepEqual(cat(given).toArray(), numbers(given.length).toArray());
}

Deno.test("each operator that takes or gives a list is held to what its list says", () => {
  const lines = Deno.readTextFileSync(new URL("../../ffi/ops.txt", import.meta.url)).split("\n");
  const withLists = lines.filter((line) => /^\w/.test(line) && line.includes("["));
  assert.deepEqual(Object.keys(CASES).sort(), withLists.map((line) => line.match(/^(?:ftx::)?([\w.]+)\(/)![1]).sort());
});

for (const [name, act] of Object.entries(CASES)) {
  Deno.test(`${name} takes and gives lists of 1 to 70,000`, () => {
    const before = live();
    for (const n of LENGTHS) scope(() => act(n));
    assert.equal(live(), before);
  });
}

Deno.test("gradients() takes and gives lists of 1 to 70,000, null for what was not used", () => {
  for (const n of LENGTHS) {
    scope(() => {
      const leaves = counting(n).map((i) => full([1], i, f32).requiresGrad()), unused = ones([1], f32).requiresGrad();
      const outputs = leaves.map((leaf) => leaf.mul(2)), pulls = counting(n).map((i) => full([1], i, f32));
      const found = gradients(outputs, [...leaves, unused], pulls);
      assert.equal(found.pop(), null);
      assert.deepEqual(cat(found.map((g) => g!)).toArray(), numbers(n).mul(2).toArray());
    });
  }
});

Deno.test("from(), hostTensor() and pinnedTensor() take shapes of 1 to 70,000 sizes", () => {
  for (const n of LENGTHS) {
    scope(() => {
      hasShape(from(new Float32Array(n < 3 ? 2 ** n : 6), shape(n)), n);
      hasShape(hostTensor(shape(n), "f32"), n);
      hasShape(pinnedTensor(shape(n), "f32"), n);
    });
  }
});

Deno.test("a list of no parts is a list, not an error", () =>
  scope(() => assert.deepEqual(zeros([0], f32).splitWithSizes([]), [])));

Deno.test("numbers that do not fill the shape they are given are refused", () =>
  scope(() => {
    for (const shape of [[2, 4], [5], []]) {
      assert.throws(() => from(new Float32Array(6), shape), {
        name: "TensorError",
        message: `Cannot from(): 6 numbers do not fill the shape [${shape.join(", ")}]`,
      });
    }
  }));

Deno.test("a list that is longer than libtorch counts is refused", () => {
  const endless = { length: 2 ** 31 } as number[];
  assert.throws(() => zeros(endless), {
    name: "RangeError",
    message: "Cannot pass a list of 2147483648 numbers to libtorch: it takes at most 2147483647; split the list",
  });
});

Deno.test("an error arrives with its end, however long", () =>
  scope(() => {
    for (const n of LENGTHS) {
      const sizes = Array(n).fill(7);
      assert.throws(() => numbers(n).splitWithSizes(sizes), (e: Error) => {
        assert.ok(e.message.startsWith(`Cannot splitWithSizes(f32[${n}]): `));
        assert.ok(e.message.endsWith(`[${sizes.join(", ")}]`.slice(-200))); // the middle of a long sentence is left out
        return e instanceof TensorError;
      });
    }
  }));

Deno.test("schemaOf() gives a schema whole, and undefined for an operator that is not there", () => {
  assert.equal(schemaOf("neg", ""), "neg(Tensor self) -> Tensor");
  assert.equal(schemaOf("neg", "Tensor"), undefined);
  const longest = schemaOf("_scaled_dot_product_flash_attention", "")!;
  assert.match(longest, /^_scaled_dot_product_flash_attention\(Tensor query, .*, Tensor debug_attn_mask\)$/);
});

Deno.test("the generator refuses an operator with more lists than there are buffers", () => {
  const line = `many(${counting(9).map((i) => `Tensor[] x${i}`).join(", ")}) -> Tensor`;
  assert.equal(parse(line.replace(", Tensor[] x8", "")).args.length, 8);
  assert.throws(() => parse(line), {
    name: "SyntaxError",
    message: `Cannot generate "${line}": a call sends at most 8 lists; pass fewer, or raise LISTS`,
  });
});
