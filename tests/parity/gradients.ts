// transformers' gradients of packed documents, repeated by ftx.
import assert from "node:assert/strict";
import { trainAll } from "../../src/adapters/mod.ts";
import { type Batch, batchOf as rowsOf } from "../../src/data/mod.ts";
import type { CausalLm } from "../../src/models/mod.ts";
import { nextToken } from "../../src/stages/sft.ts";
import { type Device, live, scope, type Tensor } from "../../src/tensor/mod.ts";
import { distance, drop, model, tensors } from "./fixture.ts";

export interface Document {
  ids: Int32Array;
  labels: Int32Array; // unshifted
}

/** A batch with one document a row. */
export const batchOf = (documents: readonly Document[]): Batch => rowsOf(documents.map((document) => [document]));

const integers = (t: Tensor) => Int32Array.from(t.toNumbers());
export const documentsOf = (want: Record<string, Tensor>): Document[] =>
  [0, 1].map((n) => ({ ids: integers(want[`ids_${n}`]), labels: integers(want[`labels_${n}`]) }));

/** Runs a batch forward and backward; the gradients are on the parameters. */
export function step(lm: CausalLm, batch: Batch, checkpointing: boolean): number {
  return scope(() => {
    const { loss, finish } = nextToken(lm, { checkpointing }).run(batch);
    loss.backward();
    finish();
    return loss.item();
  });
}

/** Loss and gradients of a fixture's documents on a device must be within `tolerance` of transformers', relatively. */
export async function holdGradients(
  name: string,
  { checkpointing, tolerance, device = "cpu" }: { checkpointing: boolean; tolerance: number; device?: Device },
) {
  const before = live();
  const lm = await model(name, {}, "f32", device), want = await tensors(`gradients/${name}.safetensors`);
  trainAll(lm);
  const batch = batchOf(documentsOf(want)), loss = step(lm, batch, checkpointing);
  scope(() => {
    assert.equal(batch.learned, want.learned.item());
    assert.ok(Math.abs(loss / want.loss.item() - 1) < tolerance / 10, `loss ${loss}, not ${want.loss.item()}`);
    const theirs = Object.keys(want).filter((key) => key.startsWith("grad.")).map((key) => key.slice(5));
    assert.deepEqual([...lm.parameters()].map(([key]) => key).sort(), theirs.sort());
    for (const [key, p] of lm.parameters()) {
      const error = distance(p.grad!, want[`grad.${key}`]);
      assert.ok(error < tolerance, `${key}: relative error ${error}`);
    }
  });
  drop(want);
  lm[Symbol.dispose]();
  assert.equal(live(), before);
}
