import assert from "node:assert/strict";
import { error } from "../../tests/support/hold_equal.ts";
import { build, type CausalLm, initialise, modelConfig } from "../models/mod.ts";
import { layoutOf } from "../nn/mod.ts";
import { from, gradients, live, manualSeed, noGrad, scope } from "../tensor/mod.ts";
import { attachLora, LoraEmbedding, mergeLora, setTraining, withoutAdapters } from "./mod.ts";

const V = 12, D = 8, ids = Int32Array.of(3, 7, 3, 11, 0), path = "model.embed_tokens";

/** A model with a branch of random values on its embedding. */
function adapted(tie_word_embeddings: boolean): { lm: CausalLm; layer: LoraEmbedding } {
  const config = modelConfig({
    ...{ architectures: ["LlamaForCausalLM"], vocab_size: V, hidden_size: D, intermediate_size: 8 },
    ...{ num_hidden_layers: 1, num_attention_heads: 2, initializer_range: 0.3, tie_word_embeddings },
  });
  const lm = build(config, { dtype: "f32", device: "cpu" });
  manualSeed(4);
  initialise(lm);
  const [layer] = attachLora(lm, new Map([[path, { rank: 2, alpha: 3, rslora: true }]]));
  assert.ok(layer instanceof LoraEmbedding);
  layer.initialise();
  scope(() => {
    assert.ok(layer.loraA.toArray().every((value: number) => value === 0));
    assert.ok(layer.loraB.toArray().every((value: number) => value !== 0));
  });
  noGrad(() => layer.loraA.normal_(0, 0.5));
  setTraining(lm, true);
  return { lm, layer };
}

const layout = () => layoutOf(ids.map((_, i) => i), Int32Array.of(0, ids.length), "cpu");
const logits = (lm: CausalLm) => scope(() => [...noGrad(() => lm.call(from(ids), layout())).toArray()]);

Deno.test("LoraEmbedding adds scale · B A to the rows it looks up, with their gradients", () => {
  const before = live(), { lm, layer } = adapted(false);
  scope(() => {
    const { loraA, loraB, weight } = layer, index = from(ids);
    const plain = weight.add(loraB.matmul(loraA).mul(3 / Math.sqrt(2)).t()).embedding(index);
    const ours = layer.call(index);
    assert.ok(error(ours, plain) < 1e-6);
    const want = gradients([plain.mul(plain).sum()], [loraA, loraB]),
      found = gradients([ours.mul(ours).sum()], [loraA, loraB]);
    found.forEach((g, i) => assert.ok(error(g!, want[i]!) < 1e-5));
  });
  assert.deepEqual([...lm.parameters()].filter(([, p]) => p.wantsGrad).map(([name, p]) => `${name} ${p.shape}`), [
    "model.embed_tokens.lora_embedding_A 2,12",
    "model.embed_tokens.lora_embedding_B 8,2",
  ]);
  lm[Symbol.dispose]();
  assert.equal(live(), before);
});

for (const tied of [false, true]) {
  Deno.test(`mergeLora() keeps what a model with a branch of the embedding computes, ${tied ? "tied" : "untied"}`, () => {
    const before = live(), { lm } = adapted(tied), beside = logits(lm);
    assert.notDeepEqual(withoutAdapters(lm, () => logits(lm)), beside);
    mergeLora(lm);
    const most = Math.max(...beside.map(Math.abs));
    logits(lm).forEach((l, i) => assert.ok(Math.abs(l - beside[i]) < 1e-5 * most));
    assert.equal(lm.config.tieWordEmbeddings, false, "the branch never acted on the head");
    assert.deepEqual([...lm.parameters()].map(([name]) => name).filter((name) => name.includes("lora")), []);
    lm[Symbol.dispose]();
    assert.equal(live(), before);
  });
}
