import assert from "node:assert/strict";
import { trainAll } from "../../src/adapters/mod.ts";
import type { Batch } from "../../src/data/mod.ts";
import type { CausalLm } from "../../src/models/mod.ts";
import { languageModelling } from "../../src/stages/objective.ts";
import { layoutOf } from "../../src/nn/mod.ts";
import { from, live, noGrad, scope, type Tensor } from "../../src/tensor/mod.ts";
import { distance, drop, model, tensors } from "./fixture.ts";

const TIED = ["llama3", "qwen2"]; // their head is the embedding
const FAMILIES = ["llama2", "qwen3", ...TIED];

interface Document {
  ids: Int32Array;
  labels: Int32Array; // unshifted
}

/** Documents end to end, each label at the position that predicts it. */
function batchOf(documents: readonly Document[]): Batch {
  const flat = (of: (d: Document) => Iterable<number>) => Int32Array.from(documents.flatMap((d) => [...of(d)]));
  const labels = flat(({ labels }) => [...labels.subarray(1), -100]);
  let end = 0;
  return {
    ids: flat(({ ids }) => ids),
    labels,
    positions: flat(({ ids }) => ids.keys()),
    starts: Int32Array.from([0, ...documents.map(({ ids }) => end += ids.length)]),
    learned: labels.filter((l) => l !== -100).length,
    rows: documents.length,
  };
}

const integers = (t: Tensor) => Int32Array.from(t.toNumbers());
const documentsOf = (want: Record<string, Tensor>): Document[] =>
  [0, 1].map((n) => ({ ids: integers(want[`ids_${n}`]), labels: integers(want[`labels_${n}`]) }));

/** Runs a batch forward and backward; the gradients are on the parameters. */
function step(lm: CausalLm, batch: Batch, checkpointing: boolean): number {
  return scope(() => {
    const { loss, finish } = languageModelling(lm, { checkpointing })(batch);
    loss.backward();
    finish();
    return loss.item();
  });
}

for (const name of FAMILIES) {
  for (const checkpointing of [false, true]) {
    const how = checkpointing ? "with checkpointing" : "without checkpointing";
    Deno.test(`${name}: loss and gradients of packed documents equal transformers' to 1e-5, ${how}`, async () => {
      const before = live();
      const lm = await model(name), want = await tensors(`gradients/${name}.safetensors`);
      trainAll(lm);
      const batch = batchOf(documentsOf(want)), loss = step(lm, batch, checkpointing);
      scope(() => {
        assert.equal(batch.learned, want.learned.item());
        assert.ok(Math.abs(loss / want.loss.item() - 1) < 1e-6, `loss ${loss}, not ${want.loss.item()}`);
        const theirs = Object.keys(want).filter((key) => key.startsWith("grad.")).map((key) => key.slice(5));
        assert.deepEqual([...lm.parameters()].map(([key]) => key).sort(), theirs.sort());
        for (const [key, p] of lm.parameters()) {
          const error = distance(p.grad!, want[`grad.${key}`]);
          assert.ok(error < 1e-5, `${key}: relative error ${error}`);
        }
      });
      drop(want);
      lm[Symbol.dispose]();
      assert.equal(live(), before);
    });
  }
}

for (const name of TIED) {
  Deno.test(`${name}: a tied weight's gradient is that of the embedding and that of the head together`, async () => {
    const lm = await model(name), apart = await model(name, { tie_word_embeddings: false });
    const want = await tensors(`gradients/${name}.safetensors`);
    const batch = batchOf(documentsOf(want));
    for (const m of [lm, apart]) {
      trainAll(m);
      step(m, batch, false);
    }
    scope(() => {
      const sum = apart.model.embedTokens.weight.grad!.add(apart.lmHead!.weight.grad!);
      assert.ok(distance(lm.headWeight.grad!, sum) < 1e-6);
    });
    drop(want);
    lm[Symbol.dispose]();
    apart[Symbol.dispose]();
  });
}

/** Logits of documents that lie end to end [N, V], read to the host. */
function logits(lm: CausalLm, documents: readonly Document[]): Float32Array {
  return scope(() => {
    const { ids, positions, starts } = batchOf(documents);
    return noGrad(() => lm.call(from(ids), layoutOf(positions, starts, "cpu"))).logSoftmax(-1).toArray();
  });
}

for (const name of [...FAMILIES, "mistral"]) {
  Deno.test(`${name}: documents packed together have the log-probabilities of each alone, to 1e-5`, async () => {
    using lm = await model(name);
    const want = await tensors("gradients/llama2.safetensors");
    const [short, long] = documentsOf(want), documents = [short, long, short, short, long];
    const together = logits(lm, documents), apart = documents.flatMap((d) => [...logits(lm, [d])]);
    const worst = together.reduce((most, l, i) => Math.max(most, Math.abs(l - apart[i])), 0);
    assert.ok(worst < 1e-5, `${name}: differs by ${worst}`);
    drop(want);
  });
}
