import assert from "node:assert/strict";
import { EXIT, MemoryError } from "../errors.ts";
import { live, ones, scope, setMemoryLimit, TensorError } from "../tensor/mod.ts";
import { outOfMemory } from "./out_of_memory.ts";
import "../../tests/support/tensors.ts";

const HALVE = "set per_device_train_batch_size = 4", advice = () => Promise.resolve(HALVE);

Deno.test("outOfMemory() says of a GPU what was wanted, what to change and where to go on; exit code 3", async () => {
  const said = new TensorError(
    "Cannot linear(bf16[8192,4096], bf16[14336,4096]): CUDA out of memory. Tried to allocate 2.00 GiB. " +
      "GPU 0 has a total capacity of 79.11 GiB of which 1.20 GiB is free.",
    EXIT.memory,
  );
  const checkpoint = "runs/a/checkpoint-10";
  const error = await outOfMemory(said, { doing: "go on training", device: "cuda:0", advice, checkpoint });
  assert.ok(error instanceof MemoryError);
  assert.equal(error.exitCode, 3);
  assert.equal(
    error.message,
    "Cannot go on training: cuda:0 ran out of memory (2.00 GiB more were wanted, of 79.11 GiB in all); set " +
      'per_device_train_batch_size = 4, then go on from "runs/a/checkpoint-10" with --resume',
  );
});

Deno.test("outOfMemory() makes the same sentence of the CPU's limit", async () => {
  const before = live();
  setMemoryLimit(2 ** 20);
  try {
    scope(() => ones([2 ** 22]));
    assert.fail("4 Mi numbers do not fit into 1 MiB");
  } catch (error) {
    const { message } = await outOfMemory(error, { doing: "go on training", device: "cpu", advice }) as Error;
    assert.match(
      message,
      /^Cannot go on training: the machine ran out of memory \(0\.02 GiB more were wanted, with .* GiB of 0\.00 GiB in use\); set per_device_train_batch_size = 4$/,
    );
  } finally {
    setMemoryLimit(0);
  }
  assert.equal(live(), before);
});

Deno.test("outOfMemory() leaves other errors alone, and asks for no advice", async () => {
  for (const error of [new Error("out of memory"), new TensorError("Cannot add(): no", EXIT.bug)]) {
    const advice = () => assert.fail("nobody needs it");
    assert.equal(await outOfMemory(error, { doing: "go on training", device: "cpu", advice }), error);
  }
});
