import assert from "node:assert/strict";
import { error } from "../../tests/support/hold_equal.ts";
import { build, type CausalLm, type HiddenOptions, initialise, modelConfig, resizeVocab } from "../models/mod.ts";
import { layoutOf } from "../nn/mod.ts";
import { from, gradients as ask, live, manualSeed, noGrad, randn, scope } from "../tensor/mod.ts";
import { attachLora, freeze, loraLayers, mergeLora, projections, setTraining, trainAll } from "./mod.ts";
import { LoraLinear, withoutAdapters } from "./mod.ts";

const T = 12, ids = Int32Array.from({ length: T }, (_, i) => i * 3 % 20), positions = ids.map((_, i) => i);
const options = { rank: 2, alpha: 4 };

/** Three small blocks of random weights. */
function model(): CausalLm {
  const config = modelConfig({
    architectures: ["Qwen2ForCausalLM"], // with biases in q, k and v, and none elsewhere
    vocab_size: 20,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 3,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    initializer_range: 0.3,
  });
  const made = build(config, { dtype: "f32", device: "cpu" });
  manualSeed(6);
  initialise(made);
  return made;
}

/** Puts branches of random values on these layers. */
function adapt(lm: CausalLm, paths: Iterable<string>, dropout = 0) {
  const layers = attachLora(lm, new Map(Array.from(paths, (path) => [path, { ...options, dropout }]))) as LoraLinear[];
  scope(() => noGrad(() => layers.forEach((l) => (l.initialise(), l.loraB.normal_(0, 0.3)))));
  return layers;
}

const layout = () => layoutOf(positions, Int32Array.of(0, T), "cpu");
const logits = (lm: CausalLm) => scope(() => [...noGrad(() => lm.call(from(ids), layout())).toArray()]);
const inBlocks = (lm: CausalLm) => [...projections(lm).keys()].filter((path) => path.includes("layers."));

/** Gradients of the sum of squared hidden states, by name. */
function gradients(lm: CausalLm, how: HiddenOptions): Map<string, number[]> {
  manualSeed(8);
  return scope(() => {
    const { hidden, finish } = lm.hidden(from(ids), layout(), { training: true, ...how });
    hidden.mul(hidden).sum().backward();
    finish();
    const found = new Map<string, number[]>();
    for (const [name, p] of lm.parameters()) {
      if (p.grad) found.set(name, [...p.grad.toArray()]);
      p.grad = null;
    }
    return found;
  });
}

Deno.test("projections() finds every linear layer, once, also below its branch", () => {
  using lm = model();
  const names = ["q", "k", "v", "o", "gate", "up", "down"].map((n) => `${n}_proj`);
  const paths = [...projections(lm).keys()];
  assert.equal(paths.length, 3 * names.length + 1);
  assert.deepEqual(paths.filter((p) => p.startsWith("model.layers.1.")).map((p) => p.split(".").at(-1)), names);
  adapt(lm, [paths[0]]);
  assert.deepEqual([...projections(lm).keys()], paths);
});

Deno.test("attachLora() freezes the model, and names its branches as PEFT", () => {
  const before = live();
  const lm = model();
  trainAll(lm);
  adapt(lm, ["model.layers.0.self_attn.q_proj", "lm_head"]);
  assert.deepEqual([...lm.parameters()].filter(([, p]) => p.wantsGrad).map(([name, p]) => `${name} ${p.shape}`), [
    "model.layers.0.self_attn.q_proj.lora_A.weight 2,16",
    "model.layers.0.self_attn.q_proj.lora_B.weight 16,2",
    "lm_head.lora_A.weight 2,16",
    "lm_head.lora_B.weight 20,2",
  ]);
  assert.deepEqual([...loraLayers(lm).keys()], ["model.layers.0.self_attn.q_proj", "lm_head"]);
  freeze(lm);
  assert.ok([...lm.parameters()].every(([, p]) => !p.wantsGrad));
  lm[Symbol.dispose]();
  assert.equal(live(), before);
});

Deno.test("attachLora() refuses a layer that the model has not", () => {
  using lm = model();
  assert.throws(() => attachLora(lm, new Map([["model.layers.3.mlp.up_proj", options]])), {
    name: "CheckpointError",
    message: 'Cannot put an adapter on "model.layers.3.mlp.up_proj": the model has no linear layer of that name; ' +
      "is it the adapter's base model?",
  });
});

Deno.test("attachLora() refuses a layer that has an adapter, and then changes nothing", () => {
  using lm = model();
  const path = "model.layers.1.mlp.up_proj", layers = adapt(lm, [path]);
  const names = () => [...lm.parameters()].filter(([, p]) => p.wantsGrad).map(([name]) => name), before = names();
  assert.throws(() => attachLora(lm, new Map([["lm_head", options], [path, options]])), {
    name: "CheckpointError",
    message:
      'Cannot put an adapter on "model.layers.1.mlp.up_proj": it has an adapter already, and the weights of both ' +
      "would be saved under the same names; merge the first one",
  });
  assert.deepEqual(names(), before);
  assert.deepEqual([...loraLayers(lm).values()], layers);
});

Deno.test("resizeVocab() refuses a head that has an adapter", () => {
  using lm = model();
  adapt(lm, ["lm_head"]);
  assert.throws(() => resizeVocab(lm, { tokens: 21, added: [] }), {
    name: "CheckpointError",
    message: "Cannot resize the vocabulary: the head has an adapter; merge it first",
  });
});

Deno.test("branches over branches are turned off, merged and found like others", () => {
  const before = live();
  const lm = model(), names = [...lm.parameters()].map(([name]) => name), base = logits(lm);
  const path = "model.layers.1.mlp.up_proj", [inner] = adapt(lm, [path]), one = logits(lm);
  const { put } = projections(lm).get(path)!, outer = new LoraLinear(inner, options);
  put(outer);
  scope(() => noGrad(() => (outer.initialise(), outer.loraB.normal_(0, 0.3))));
  const both = logits(lm);
  assert.notDeepEqual(both, one);
  assert.equal(projections(lm).get(path)!.module, outer);
  assert.deepEqual(withoutAdapters(lm, () => logits(lm)), base);
  inner.enabled = false;
  withoutAdapters(lm, () => assert.deepEqual(logits(lm), base));
  assert.deepEqual([inner.enabled, outer.enabled], [false, true]);
  inner.enabled = true;
  setTraining(lm, true);
  assert.deepEqual([inner.training, outer.training], [true, true]);
  mergeLora(lm);
  const most = Math.max(...both.map(Math.abs));
  logits(lm).forEach((l, i) => assert.ok(Math.abs(l - both[i]) < 1e-5 * most));
  assert.deepEqual([...lm.parameters()].map(([name]) => name), names);
  lm[Symbol.dispose]();
  assert.equal(live(), before);
});

Deno.test("mergeLora() keeps what the model computes, and leaves no branch", () => {
  const before = live();
  const lm = model(), names = [...lm.parameters()].map(([name]) => name), base = logits(lm);
  adapt(lm, [...projections(lm).keys()]);
  const adapted = logits(lm);
  mergeLora(lm);
  const merged = logits(lm), most = Math.max(...adapted.map(Math.abs));
  merged.forEach((l, i) => assert.ok(Math.abs(l - adapted[i]) < 1e-5 * most));
  assert.notDeepEqual(merged, base);
  assert.deepEqual([...lm.parameters()].map(([name]) => name), names);
  lm[Symbol.dispose]();
  assert.equal(live(), before);
});

Deno.test("a branch on a merged layer changes it again", () => {
  const before = live();
  const lm = model(), path = "model.layers.1.mlp.up_proj";
  adapt(lm, [path]);
  const one = logits(lm);
  mergeLora(lm);
  adapt(lm, [path]);
  assert.notDeepEqual(logits(lm), one);
  lm[Symbol.dispose]();
  assert.equal(live(), before);
});

for (const dropout of [0, 0.4]) {
  Deno.test(`checkpointing gives the branches bit for bit the same gradients, dropout ${dropout}`, () => {
    const before = live();
    const lm = model();
    adapt(lm, inBlocks(lm), dropout);
    lm.model.embedTokens.weight.requiresGrad();
    setTraining(lm, true);
    const plain = gradients(lm, {}), checked = gradients(lm, { checkpointing: true });
    assert.equal(plain.size, 1 + 2 * 21);
    assert.deepEqual(checked, plain);
    setTraining(lm, false);
    const still = gradients(lm, {});
    if (dropout) assert.notDeepEqual(still, plain);
    else assert.deepEqual(still, plain);
    lm[Symbol.dispose]();
    assert.equal(live(), before);
  });
}

for (const adapted of [false, true]) {
  Deno.test(`headLoss() is the cross-entropy of the head's logits, ${adapted ? "with" : "without"} a branch on the head`, () => {
    const before = live();
    const lm = model(), targets = ids.map((id) => (id + 1) % 20);
    if (adapted) adapt(lm, ["lm_head"]);
    scope(() => {
      const hidden = randn([T, 16]).requiresGrad(), y = from(targets);
      const leaves = [hidden, ...[...lm.parameters()].filter(([, p]) => p.wantsGrad).map(([, p]) => p)];
      assert.equal(leaves.length, adapted ? 3 : 1);
      const { loss } = lm.headLoss(hidden, y, { chunk: 5 });
      const plain = lm.head(hidden).crossEntropyLoss(y.to("i64"), null, 2); // 2: the sum
      assert.ok(Math.abs(loss.item() / plain.item() - 1) < 1e-6);
      const ours = ask([loss], leaves), theirs = ask([plain], leaves);
      ours.forEach((g, i) => assert.ok(error(g!, theirs[i]!) < 1e-5));
    });
    lm[Symbol.dispose]();
    assert.equal(live(), before);
  });

  Deno.test(`logProbs() are those of the head's logits, ${adapted ? "with" : "without"} a branch on the head`, () => {
    const before = live();
    const lm = model(), targets = ids.map((id, i) => i === 3 ? -100 : (id + 1) % 20);
    if (adapted) adapt(lm, ["lm_head"]);
    scope(() => {
      const hidden = randn([T, 16]).requiresGrad(), y = from(targets), temperature = 0.8;
      const leaves = [hidden, ...[...lm.parameters()].filter(([, p]) => p.wantsGrad).map(([, p]) => p)];
      const ours = lm.logProbs(hidden, y, { temperature, entropy: true, chunk: 5 });
      const all = lm.head(hidden).div(temperature).logSoftmax(-1), ignored = y.eq(-100);
      const logp = all.gather(1, y.to("i64").clamp(0).unsqueeze(1)).squeeze(1).maskedFill(ignored, 0);
      const entropy = all.exp().mul(all).meanOver([-1]).mul(-20).maskedFill(ignored, 0);
      assert.ok(error(ours.logp, logp) < 1e-6 && error(ours.entropy!, entropy) < 1e-6);
      const found = ask([ours.logp.sum(), ours.entropy!.sum()], leaves),
        wanted = ask([logp.sum(), entropy.sum()], leaves);
      assert.equal(found.length, adapted ? 3 : 1);
      found.forEach((g, i) => assert.ok(error(g!, wanted[i]!) < 1e-5));
      assert.equal(lm.logProbs(hidden, y).entropy, undefined);
    });
    lm[Symbol.dispose]();
    assert.equal(live(), before);
  });
}
