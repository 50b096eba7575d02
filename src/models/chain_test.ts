import assert from "node:assert/strict";
import { layoutOf } from "../nn/mod.ts";
import { from, live, manualSeed, memory, noGrad, randomState, resetPeak, scope } from "../tensor/mod.ts";
import { build, type CausalLm, type HiddenOptions, initialise, modelConfig } from "./mod.ts";
import "../../tests/support/tensors.ts";

const L = 4, starts = Int32Array.of(0, 7, 20);
const positions = Int32Array.from({ length: 20 }, (_, i) => i < 7 ? i : i - 7);
const ids = Int32Array.from({ length: 20 }, (_, i) => (i * 11) % 50);

/** Four small blocks with weights large enough that each one matters. */
function model(changes: Record<string, unknown> = {}): CausalLm {
  const config = modelConfig({
    architectures: ["LlamaForCausalLM"],
    vocab_size: 50,
    hidden_size: 32,
    intermediate_size: 48,
    num_hidden_layers: L,
    num_attention_heads: 4,
    num_key_value_heads: 2,
    initializer_range: 0.2,
    ...changes,
  });
  const made = build(config, { dtype: "f32", device: "cpu" });
  manualSeed(5);
  initialise(made);
  return made;
}

const named = (pattern: RegExp) => (lm: CausalLm) => {
  for (const [name, p] of lm.parameters()) if (pattern.test(name)) p.requiresGrad();
};

/** The gradients of the sum of squares of the hidden states, by name, and the random state after them. */
function gradientsOf(lm: CausalLm, options: HiddenOptions): Map<string, number[]> {
  manualSeed(9);
  scope(() => {
    const { hidden, finish } = lm.hidden(from(ids), layoutOf(positions, starts, "cpu"), { training: true, ...options });
    if (hidden.wantsGrad) hidden.mul(hidden).sum().backward();
    finish();
  });
  const found = new Map([["random state", [...randomState()]]]);
  scope(() => {
    for (const [name, p] of lm.parameters()) {
      if (p.grad) found.set(name, [...p.grad.toArray()]);
      p.grad = null;
    }
  });
  return found;
}

const cases: [string, (lm: CausalLm) => void, Record<string, unknown>, HiddenOptions?][] = [
  ["everything trains", named(/./), {}],
  ["nothing trains", () => {}, {}],
  ["only the last norm trains", named(/^model\.norm/), {}],
  ["only the embedding trains", named(/embed/), {}],
  ["the second block trains", named(/layers\.1\./), {}],
  ["a norm of the first and a weight of the last block train", named(/layers\.0\.input|layers\.3\.mlp\.up/), {}],
  ["the head is the embedding", named(/./), { tie_word_embeddings: true }],
  ["attention drops weights", named(/./), { attention_dropout: 0.3 }],
  ["embeddings are noisy", named(/./), {}, { neftuneAlpha: 5 }],
];
for (const [what, choose, changes, options] of cases) {
  Deno.test(`checkpointing gives bit for bit the gradients of a plain backward where ${what}`, () => {
    const before = live();
    const lm = model(changes);
    choose(lm);
    const plain = gradientsOf(lm, { ...options }), checked = gradientsOf(lm, { ...options, checkpointing: true });
    assert.deepEqual([...checked.keys()], [...plain.keys()]);
    for (const [name, gradient] of checked) assert.deepEqual(gradient, plain.get(name), name);
    lm[Symbol.dispose]();
    assert.equal(live(), before);
  });
}

/** How often each block runs in a step with checkpointing. */
function runs(choose: (lm: CausalLm) => void): number[] {
  using lm = model();
  choose(lm);
  const counts = lm.blocks.map(() => 0);
  lm.blocks.forEach((block, i) => {
    const { call } = block;
    block.call = (...inputs) => (counts[i]++, call.apply(block, inputs));
  });
  gradientsOf(lm, { checkpointing: true });
  return counts;
}

Deno.test("checkpointing runs each block again, but none below the lowest that trains", () => {
  assert.deepEqual(runs(named(/./)), [2, 2, 2, 2]);
  assert.deepEqual(runs(named(/layers\.2\./)), [1, 1, 2, 2]);
  assert.deepEqual(runs(named(/layers\.3\./)), [1, 1, 1, 2]);
  assert.deepEqual(runs(named(/embed/)), [2, 2, 2, 2]);
  assert.deepEqual(runs(named(/^model\.norm|lm_head/)), [1, 1, 1, 1]);
  assert.deepEqual(runs(() => {}), [1, 1, 1, 1]);
});

Deno.test("without a graph, what lies between blocks does not pile up", () => {
  const N = 4096, long = Int32Array.from({ length: N }, (_, i) => i);
  const peak = (layers: number) => {
    using lm = model({ num_hidden_layers: layers });
    resetPeak();
    const before = memory().bytes;
    scope(() => noGrad(() => lm.hidden(from(long.map((i) => i % 50)), layoutOf(long, Int32Array.of(0, N), "cpu"))));
    return memory().peak - before;
  };
  const hidden = N * 32 * 4;
  assert.ok(peak(12) - peak(4) < hidden, "eight more blocks cost no eight more hidden states");
});
