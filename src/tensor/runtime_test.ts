import assert from "node:assert/strict";
import { CheckpointError, type FtxError } from "../errors.ts";
import {
  fastFloat32,
  from,
  hostTensor,
  keep,
  manualSeed,
  memory,
  randn,
  randomState,
  readInto,
  resetPeak,
  scope,
  setMemoryLimit,
  setRandomState,
  shimVersion,
  zeros,
} from "./mod.ts";
import "../../tests/support/tensors.ts";

Deno.test("setRandomState() repeats the numbers that followed randomState()", () => {
  manualSeed(7);
  const state = randomState();
  const draw = () => scope(() => [...randn([5]).toArray()]);
  const first = draw();
  assert.notDeepEqual(draw(), first);
  setRandomState(state);
  assert.deepEqual(draw(), first);
});

Deno.test("memory() counts large tensors to the page and remembers the peak", () => {
  const before = memory().bytes;
  resetPeak();
  scope(() => {
    zeros([1 << 20], { dtype: "f32" });
    scope(() => {
      zeros([1 << 20], { dtype: "f32" });
    });
    assert.equal(memory().bytes - before, 4 << 20);
  });
  assert.equal(memory().bytes, before);
  assert.equal(memory().peak - before, 8 << 20);
});

Deno.test("freed memory is joined and used again", () => {
  const mapped = scope(() => {
    const parts = Array.from({ length: 8 }, () => zeros([1 << 18], { dtype: "f32" }));
    return parts && memory().mapped;
  });
  scope(() => zeros([8 << 18], { dtype: "f32" })); // the eight parts as one block
  assert.equal(memory().mapped, mapped);
});

Deno.test("a memory limit is an exception with exit code 3", () => {
  setMemoryLimit(memory().bytes + (1 << 20));
  try {
    assert.throws(() => scope(() => zeros([1 << 20], { dtype: "f32" })), (e: FtxError) => {
      assert.match(
        e.message,
        /^Cannot zeros\(\): out of memory: 4194304 bytes wanted, .*; lower per_device_train_batch_size/,
      );
      assert.equal(e.exitCode, 3);
      return true;
    });
  } finally {
    setMemoryLimit(0);
  }
});

Deno.test("readInto() fills a tensor from a file, and names a file that was cut short", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(new Float32Array([0, 1, 2, 3]).buffer));
  const t = keep(hostTensor([3], "f32"));
  await readInto(t, path, 4);
  assert.deepEqual([...t.toArray()], [1, 2, 3]);
  await assert.rejects(readInto(t, path, 8), (e: CheckpointError) => {
    assert.equal(
      e.message,
      `Cannot read "${path}": it ends 4 bytes early; it was cut short, so copy or download it again`,
    );
    return e instanceof CheckpointError;
  });
  await assert.rejects(readInto(t, path + "x", 0), /the system says error 2/);
  t[Symbol.dispose]();
  await Deno.remove(path);
});

Deno.test("fastFloat32() leaves fp32 products exact to 2e-6 and the random numbers alone", () => {
  const state = randomState();
  fastFloat32();
  assert.deepEqual(randomState(), state);
  scope(() => {
    const a = randn([300, 700]), b = randn([200, 700]), exact = a.to("f64").matmul(b.to("f64").t());
    const error = a.linear(b).to("f64").sub(exact).linalgVectorNorm().item() / exact.linalgVectorNorm().item();
    assert.ok(error < 2e-6, `relative error ${error}`);
  });
});

Deno.test("the shim knows its libtorch, and arrays cross with their type", () => {
  assert.match(shimVersion(), /^2\.1[1-9]\./);
  scope(() => {
    assert.equal(from(new BigInt64Array([1n, 2n])).dtype, "i64");
    assert.equal(from(new Int32Array([1, 2]), [2, 1]).shape.length, 2);
    assert.equal(from(new Float64Array([1.5])).item(), 1.5);
  });
});
