import assert from "node:assert/strict";
import { type Device, dryDevice, DryRun, empty, from, live, memory, ones, randn, resetPeak } from "./mod.ts";
import { scope, type Tensor } from "./mod.ts";
import "../../tests/support/tensors.ts";

const KiB = 1 << 10;
const sized = (bytes: number, device: Device) => empty([bytes], { dtype: "u8", device });

Deno.test("a dry run counts as the device's allocator: pages of large blocks on a CPU, 512 bytes of any on a GPU", () => {
  const peakOf = (device: Device) => {
    using run = new DryRun(device);
    scope(() => [sized(100, device), sized(64 * KiB, device), sized(64 * KiB + 1, device)].length);
    return run.peak.bytes;
  };
  assert.equal(peakOf("cpu"), 64 * KiB + 68 * KiB);
  assert.equal(peakOf("cuda:3"), 512 + 64 * KiB + 64.5 * KiB);
});

Deno.test("a dry run's peak says what was being done and what for, also where that turned out later", () => {
  using run = new DryRun("cuda:0");
  scope(() => {
    run.doing("loading", "weights");
    sized(4 * KiB, "cuda:0");
    run.doing("the forward pass", "activations");
    const later = sized(2 * KiB, "cuda:0");
    scope(() => sized(8 * KiB, "cuda:0").size);
    run.doing("the end", "temporary");
    sized(KiB, "cuda:0");
    run.count(later, "gradients");
  });
  const { bytes, doing, byKind } = run.peak;
  assert.equal(bytes, 14 * KiB);
  assert.equal(doing, "the forward pass");
  const rest = { optimizer: 0, logits: 0, temporary: 0 };
  assert.deepEqual(byKind, { weights: 4 * KiB, gradients: 2 * KiB, activations: 8 * KiB, ...rest });
  run.restart();
  assert.equal(run.peak.bytes, 0);
});

Deno.test("tensors of a dry run are on its device, have gradients, and their numbers are 0", () => {
  const before = live();
  {
    using _ = new DryRun("cuda:1");
    scope(() => {
      const x = randn([3, 4], { device: "cuda:1" }).requiresGrad(), y = from(new Float32Array(4), [4], "cuda:1");
      assert.deepEqual([x.device, y.device, dryDevice()], ["cuda:1", "cuda:1", "cuda:1"]);
      const loss = x.mul(y).sum();
      loss.backward();
      assert.deepEqual(x.grad!.shape, [3, 4]);
      assert.deepEqual([loss.item(), ...y.toArray()], [0, 0, 0, 0, 0]);
    });
  }
  assert.equal(dryDevice(), undefined);
  assert.equal(scope(() => ones([2]).sum().item()), 2);
  assert.equal(live(), before);
});

Deno.test("a second dry run is refused while one is open", () => {
  using _ = new DryRun("cpu");
  assert.throws(() => new DryRun("cuda:0"), { message: "Cannot dryRun(): a dry run is going on already" });
  assert.equal(dryDevice(), "cpu");
});

// N rows, D channels, F wide ones, R rank, V vocabulary: large enough that every tensor counts.
const N = 384, D = 256, F = 512, R = 64, V = 4096;

/** Draws a tensor; it trains unless told otherwise. */
type Draw = (shape: number[], trains?: boolean) => Tensor;
const numbers = () => from(Int32Array.from({ length: N }, (_, i) => i));
const tables = [[N, 32], [N, 32]].map((shape) => () => randn(shape, { dtype: "f32" }));

const PASSES: Record<string, (draw: Draw) => Tensor> = {
  "fusedRmsNorm": (draw) => draw([N, D]).fusedRmsNorm(draw([D]), 1e-5),
  "fusedRmsNorm of a frozen weight": (draw) => draw([N, D]).fusedRmsNorm(draw([D], false), 1e-5),
  "swiglu": (draw) => draw([N, F]).swiglu(draw([N, F])),
  "rope": (draw) => draw([N, 4, 64]).rope(tables[0](), tables[1](), numbers()),
  "linear": (draw) => draw([N, D]).linear(draw([F, D]), draw([F])),
  "linear of a frozen weight": (draw) => draw([N, D]).linear(draw([F, D], false)),
  "loraLinear": (draw) => {
    const x = draw([N, D]), [a, b] = [[R, D], [F, R]].map((shape) => randn(shape, { dtype: "f32" }).requiresGrad());
    return x.loraLinear(draw([F, D], false), null, x, a, b, 2);
  },
  "linearCrossEntropy": (draw) => draw([N, D]).linearCrossEntropy(draw([V, D]), numbers())[0],
  "linearCrossEntropy in chunks": (draw) => draw([N, D]).linearCrossEntropy(draw([V, D]), numbers(), 0, 100)[0],
  "linearCrossEntropy of a frozen weight": (draw) => draw([N, D]).linearCrossEntropy(draw([V, D], false), numbers())[0],
  "linearLogProb": (draw) => draw([N, D]).linearLogProb(draw([V, D]), numbers(), 1, { chunk: 100 })[0],
  "embedding": (draw) => draw([V, D]).embedding(numbers()),
  "indexSelect": (draw) => draw([N, D]).indexSelect(0, numbers()),
  "dropout": (draw) => draw([N, D]).dropout(0.5, true),
  "gradients that meet": (draw) => {
    const x = draw([N, D]).mul(2);
    return x.add(x.mul(3)).add(x.mul(4));
  },
  "a sum of two types": (draw) => draw([N, D]).mul(2).to("f32").add_(draw([N, D])),
};

for (const dtype of ["f32", "bf16"] as const) {
  for (const [name, pass] of Object.entries(PASSES)) {
    Deno.test(`a dry run takes what a CPU takes, forward and backward: ${name}, ${dtype}`, () => {
      const draw: Draw = (shape, trains = true) => randn(shape, { dtype }).requiresGrad(trains);
      const peakOf = (most: () => number) =>
        scope(() => {
          const y = pass(draw);
          y.backward(ones(y.shape, { dtype: y.dtype }));
          return most();
        });
      const before = memory().bytes;
      resetPeak();
      const taken = peakOf(() => memory().peak) - before;
      using run = new DryRun("cpu");
      assert.equal(peakOf(() => run.peak.bytes), taken);
    });
  }
}
