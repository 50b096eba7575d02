import assert from "node:assert/strict";
import { layoutOf } from "../nn/mod.ts";
import { from, keep, live, manualSeed, memory, noGrad, randomState, resetPeak, scope } from "../tensor/mod.ts";
import { type BlockHooks, build, type CausalLm, type HiddenOptions, initialise, KvCache, modelConfig } from "./mod.ts";
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
  Deno.test(`one backward over all blocks, block by block and recomputed give the same bits where ${what}`, () => {
    const before = live();
    const lm = model(changes);
    choose(lm);
    const plain = gradientsOf(lm, { ...options });
    const same = (gradients: Map<string, number[]>) => {
      assert.deepEqual([...gradients.keys()], [...plain.keys()]);
      for (const [name, gradient] of gradients) assert.deepEqual(gradient, plain.get(name), name);
    };
    same(gradientsOf(lm, { ...options, checkpointing: true }));
    lm.hooks.push({ afterBackward() {} }); // cuts the graph
    same(gradientsOf(lm, { ...options }));
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

/** Hooks that note when they ran, each note with the name. */
function noting(notes: string[], name = ""): Required<BlockHooks> {
  const note = (what: string) => ({ index }: { index: number }) => void notes.push(`${name}${what}${index}`);
  return {
    beforeForward: note(">"),
    afterForward: note("."),
    beforeBackward: note("<"),
    afterBackward: note("!"),
  };
}

const hookCases: [string, (lm: CausalLm) => void, string][] = [
  ["everything trains", named(/./), "<3 !3 <2 !2 <1 !1 <0 !0"],
  ["the embedding trains", named(/embed/), "<3 !3 <2 !2 <1 !1 <0 !0"],
  ["the two lowest blocks do not train", named(/layers\.2\./), "<3 !3 <2 !2"],
  ["only the last norm trains", named(/^model\.norm/), ""],
  ["nothing trains", () => {}, ""],
];
for (const [what, choose, backward] of hookCases) {
  for (const checkpointing of [false, true]) {
    Deno.test(`hooks run once and in order where ${what}, ${checkpointing ? "with" : "without"} checkpointing`, () => {
      using lm = model();
      choose(lm);
      const notes: string[] = [];
      lm.hooks.push(noting(notes));
      gradientsOf(lm, { checkpointing });
      assert.equal(notes.join(" "), `>0 .0 >1 .1 >2 .2 >3 .3 ${backward}`.trim());
    });
  }
}

Deno.test("hooks nest: after a block they run in the reverse order", () => {
  using lm = model({ num_hidden_layers: 1 });
  named(/./)(lm);
  const notes: string[] = [];
  lm.hooks.push(noting(notes, "a"), noting(notes, "b"));
  gradientsOf(lm, {});
  assert.equal(notes.join(" "), "a>0 b>0 b.0 a.0 a<0 b<0 b!0 a!0");
});

Deno.test("generation and passes without gradients run the forward hooks alone, and keep nothing for a backward pass", () => {
  const before = live();
  const lm = model(), cache = new KvCache();
  named(/./)(lm);
  const notes: string[] = [], forward = ">0 .0 >1 .1 >2 .2 >3 .3";
  lm.hooks.push(noting(notes));
  const first = ids.subarray(0, 7), at = positions.subarray(0, 7);
  const next = scope(() => [...lm.next(from(first), from(at), cache).toArray()]);
  assert.equal(notes.splice(0).join(" "), forward);
  for (const checkpointing of [false, true]) {
    scope(() => {
      const inside = live();
      const { hidden, finish } = noGrad(() =>
        lm.hidden(from(first), layoutOf(at, Int32Array.of(0, 7), "cpu"), { checkpointing })
      );
      finish();
      assert.ok(live() - inside < 10, "no block left its input behind"); // ids, layout, rope, embeddings, results
      assert.equal(notes.splice(0).join(" "), forward);
      const logits = noGrad(() => lm.head(hidden)).toArray().subarray(-50);
      next.forEach((logit, i) => assert.ok(Math.abs(logit - logits[i]) < 1e-5));
    });
  }
  lm[Symbol.dispose]();
  cache[Symbol.dispose]();
  assert.equal(live(), before);
});

Deno.test("hooks may move the inputs of blocks away until recomputation needs them", () => {
  const before = live();
  const lm = model();
  named(/./)(lm);
  const plain = gradientsOf(lm, {});
  let away = 0, most = 0;
  lm.hooks.push({
    afterForward(link) {
      if (link.index === 0) return; // the embeddings: autograd needs them
      const near = link.input;
      link.input = keep(near.to("f64")); // as another device: the same numbers in other memory
      near[Symbol.dispose]();
      most = Math.max(most, ++away);
    },
    beforeBackward(link) {
      if (link.index === 0) return;
      const far = link.input;
      link.input = keep(far.to("f32"));
      far[Symbol.dispose]();
      away--;
    },
  });
  assert.deepEqual(gradientsOf(lm, { checkpointing: true }), plain);
  assert.deepEqual([away, most], [0, L - 1]);
  lm[Symbol.dispose]();
  assert.equal(live(), before);
});

Deno.test("finish() asks for the backward pass of the loss first", () => {
  using lm = model();
  named(/./)(lm);
  scope(() => {
    const { finish } = lm.hidden(from(ids), layoutOf(positions, starts, "cpu"), { checkpointing: true });
    assert.throws(finish, { message: "Cannot finish the backward pass of the blocks: run backward on the loss first" });
  });
});
