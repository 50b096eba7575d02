// What a GPU has besides arithmetic: random numbers, memory, a queue of work.
import assert from "node:assert/strict";
import { EXIT } from "../../src/errors.ts";
import { adamw, Optimizer, uniform } from "../../src/optim/mod.ts";
import { parameter } from "../../src/nn/mod.ts";
import { DeviceUpdate } from "../../src/train/update.ts";
import {
  empty,
  from,
  gpuMemory,
  keep,
  live,
  manualSeed,
  Mark,
  memory,
  noGrad,
  pinnedTensor,
  rand,
  randomState,
  resetPeak,
  scope,
  setRandomState,
  synchronize,
  type TensorError,
  trim,
  zeros,
} from "../../src/tensor/mod.ts";
import { bytesOfTensor, fill, snapshot } from "../../src/weights/mod.ts";
import { readHeader, writeSafetensors } from "../../src/safetensors/mod.ts";
import { device, onGpu } from "./gpu.ts";

const numbers = () => scope(() => [...rand([100], { dtype: "f32", device }).toArray()]);

onGpu("random numbers go on from their state, and a seed starts them anew", () => {
  manualSeed(7);
  const first = numbers(), state = randomState(device), second = numbers();
  setRandomState(state, device);
  assert.deepEqual(numbers(), second);
  manualSeed(7);
  assert.deepEqual(numbers(), first);
});

onGpu("dropout repeats from its state", () =>
  scope(() => {
    const x = rand([4096], { dtype: "f32", device }),
      state = randomState(device),
      once = x.dropout(0.5, true).toArray();
    setRandomState(state, device);
    assert.deepEqual(x.dropout(0.5, true).toArray(), once);
  }));

onGpu("memory figures count tensors, their peak and what is free", () => {
  resetPeak(device);
  const before = gpuMemory(device), MiB = 2 ** 20;
  scope(() => {
    zeros([64 * MiB], { dtype: "f32", device });
    synchronize(device);
    assert.ok(memory(device).bytes - before.bytes >= 256 * MiB);
  });
  const after = gpuMemory(device);
  assert.equal(after.bytes, before.bytes);
  assert.ok(after.peak - before.bytes >= 256 * MiB && after.reserved >= after.bytes && after.free <= after.total);
  trim(device);
  assert.ok(gpuMemory(device).reserved <= after.reserved - 256 * MiB);
}, { only: true });

onGpu("too large a tensor is an error about memory, and the GPU can be used after it", () => {
  const before = live(), { total } = gpuMemory(device);
  assert.throws(
    () => scope(() => empty([2 * total], { dtype: "u8", device })),
    (error: TensorError) => error.exitCode === EXIT.memory && /Tried to allocate/.test(error.message),
  );
  assert.equal(numbers().length, 100);
  assert.equal(live(), before);
}, { only: true });

onGpu("pinned memory is copied while the host goes on, and a mark says when", () => {
  const before = live();
  {
    using mark = new Mark(device),
      host = keep(pinnedTensor([1 << 20], "f32")),
      back = keep(pinnedTensor([1 << 20], "f32"));
    new Float32Array(host.hostBytes().buffer, 0, 1 << 20).forEach((_, i, all) => all[i] = i);
    scope(() => back.copy_(host.toDevice(device, "f32", { nonBlocking: true }).mul(2), { nonBlocking: true }));
    mark.here();
    mark.wait();
    assert.deepEqual([...back.toArray().subarray(0, 4)], [0, 2, 4, 6]);
    assert.equal(back.toArray()[(1 << 20) - 1], 2 * ((1 << 20) - 1));
  }
  assert.equal(live(), before);
});

onGpu("weights on a GPU are written and read as those of a CPU", async () => {
  const before = live(), path = await Deno.makeTempFile({ suffix: ".safetensors" });
  try {
    await Deno.remove(path); // writeSafetensors makes it
    using weight = keep(rand([33, 5], { dtype: "f32", device })), copy = keep(zeros([33, 5], { dtype: "f32", device }));
    await writeSafetensors(path, [["weight", bytesOfTensor(weight)]]);
    const place = { ...(await readHeader(path)).tensors.get("weight")!, file: path };
    await fill([["weight", copy, place]]);
    assert.deepEqual(copy.toArray(), weight.toArray());
    assert.deepEqual(snapshot([["weight", weight]])[0][1].data, new Uint8Array(weight.toArray().buffer));
  } finally {
    await Deno.remove(path);
  }
  assert.equal(live(), before);
});

onGpu("a step that is not finite is left out on the GPU, and the host learns of it", () => {
  using p = keep(parameter(zeros([64], { dtype: "f32", device }).requiresGrad()));
  using optimizer = new Optimizer([["w", p]], uniform(adamw()));
  using update = new DeviceUpdate(device);
  const outcomes = [1, NaN, 1].map((value) =>
    scope(() => {
      noGrad(() => {
        p.grad = zeros([64], { dtype: "f32", device }).add(value);
      });
      const totals = from(Float64Array.of(2, 1), [2], device);
      return update.end({ totals, optimizer, count: 2, learningRate: 0.1, maxGradNorm: 1 });
    })
  );
  assert.deepEqual(outcomes.map(({ skipped }) => skipped), [false, true, false]);
  assert.equal(optimizer.steps, 2);
  const w = scope(() => p.toArray()[0]);
  assert.ok(Math.abs(w + 0.2) < 1e-3, `${w}`); // two steps of Adam with one gradient are two learning rates
});
