import assert from "node:assert/strict";
import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "../../tests/support/tensors.ts";
import { openWeights, type TensorPlace, writeSafetensors } from "../safetensors/mod.ts";
import { hostTensor, keep, type Tensor } from "../tensor/mod.ts";
import { fill, misfits } from "./tensors.ts";

const LENGTH = 1 << 20; // numbers of a tensor: 4 MiB, so that reads take a while

/** Eight tensors in files and eight in memory, gone afterwards. */
async function withTensors(use: (wanted: [string, Tensor, TensorPlace][], file: string) => Promise<void>) {
  const folder = mkdtempSync(join(tmpdir(), "ftx-tensors-"));
  const file = join(folder, "model.safetensors");
  const data = new Uint8Array(new Float32Array(LENGTH).fill(1.5).buffer);
  const names = Array.from({ length: 8 }, (_, i) => `t${i}`);
  await writeSafetensors(file, names.map((name) => [name, { dtype: "F32", shape: [LENGTH], data }]));
  const { tensors } = await openWeights(folder);
  const wanted = names.map((name) => [name, keep(hostTensor([LENGTH], "f32")), tensors.get(name)!] as const);
  await use(wanted.map((one) => [...one]), file);
  for (const [, t] of wanted) t[Symbol.dispose]();
  rmSync(folder, { recursive: true });
}

Deno.test("fill() fills every tensor, and reports its progress", async () => {
  await withTensors(async (wanted) => {
    const told: number[] = [];
    await fill(wanted, (bytes) => told.push(bytes));
    for (const [, t] of wanted) assert.equal(t.toArray()[LENGTH - 1], 1.5);
    assert.equal(told.at(-1), 8 * 4 * LENGTH);
  });
});

Deno.test("fill() reads nothing when a shape differs", async () => {
  await withTensors(async (wanted, file) => {
    wanted[7][2] = { ...wanted[7][2], shape: [LENGTH / 2, 2] };
    const told: number[] = [];
    await assert.rejects(fill(wanted, (bytes) => told.push(bytes)), {
      name: "CheckpointError",
      message: `Cannot load "${file}": its "t7" is [${LENGTH / 2},2], but the model needs [${LENGTH}]; ` +
        "check that they belong together",
    });
    assert.deepEqual(told, []);
  });
});

Deno.test("fill() ends only when no read is in flight, so that its tensors may be freed after a failure", async () => {
  for (let i = 0; i < 5; i++) {
    await withTensors(async (wanted, file) => {
      truncateSync(file, wanted[1][2].start); // the first is whole, all others end early at once
      await assert.rejects(fill(wanted), { name: "CheckpointError" });
    }); // frees them
  }
});

Deno.test("misfits() names one tensor, and the first of several", () => {
  assert.equal(misfits(["a"], [], "not of this model"), "tensor a is missing");
  assert.equal(
    misfits(["a", "b", "c", "d"], ["e", "f"], "not of this model"),
    "4 tensors are missing (a, b, c, …) and 2 tensors are not of this model (e, f)",
  );
});
