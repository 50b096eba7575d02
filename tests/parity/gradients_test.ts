import assert from "node:assert/strict";
import { trainAll } from "../../src/adapters/mod.ts";
import type { CausalLm } from "../../src/models/mod.ts";
import { layoutOf, type Linear } from "../../src/nn/mod.ts";
import { from, noGrad, scope } from "../../src/tensor/mod.ts";
import { distance, drop, model, tensors } from "./fixture.ts";
import { batchOf, type Document, documentsOf, holdGradients, step } from "./gradients.ts";

const TIED = ["llama3", "qwen2"]; // their head is the embedding
const FAMILIES = ["llama2", "qwen3", ...TIED];

for (const name of FAMILIES) {
  for (const checkpointing of [false, true]) {
    const how = checkpointing ? "with checkpointing" : "without checkpointing";
    Deno.test(`${name}: loss and gradients of packed documents equal transformers' to 1e-5, ${how}`, () =>
      holdGradients(name, { checkpointing, tolerance: 1e-5 }));
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
      const sum = apart.model.embedTokens.weight.grad!.add((apart.lmHead as Linear).weight.grad!);
      assert.ok(distance(lm.model.embedTokens.weight.grad!, sum) < 1e-6);
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
