import assert from "node:assert/strict";
import "../../tests/support/tensors.ts";
import { noGrad, scope, type Tensor } from "../tensor/mod.ts";
import { build, type CausalLm, grownRows, hasNewRows, modelConfig, resizeVocab } from "./mod.ts";

const ROWS = 40, WIDTH = 32;

/** A model whose embedding holds 1 in its first 30 rows and 100 in its spare ones; a head of its own holds twice that. */
function model(tie_word_embeddings: boolean): CausalLm {
  const config = modelConfig({
    ...{ architectures: ["LlamaForCausalLM"], vocab_size: ROWS, hidden_size: WIDTH, intermediate_size: 8 },
    ...{ num_hidden_layers: 1, num_attention_heads: 2, tie_word_embeddings },
  });
  const lm = build(config, { dtype: "f32", device: "cpu" });
  scope(() =>
    noGrad(() => {
      for (const [i, weight] of weights(lm).entries()) {
        weight.fill_(i + 1);
        weight.narrow(0, 30, ROWS - 30).fill_(100);
      }
    })
  );
  return lm;
}

const weights = ({ model, lmHead }: CausalLm): Tensor[] => [
  model.embedTokens.weight,
  ...(lmHead ? [(lmHead as unknown as { weight: Tensor }).weight] : []),
];

/** Of each row of a weight, its mean and its deviation from that. */
function rowsOf(weight: Tensor): { mean: number; deviation: number }[] {
  const all = [...weight.toArray()] as number[];
  return Array.from({ length: weight.shape[0] }, (_, row) => {
    const numbers = all.slice(row * WIDTH, (row + 1) * WIDTH), mean = numbers.reduce((a, b) => a + b) / WIDTH;
    return { mean, deviation: Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / WIDTH) };
  });
}

/** Rows that hold noise of deviation 1/sqrt(width) around `mean`. */
const isNew = ({ mean, deviation }: { mean: number; deviation: number }, around: number) =>
  Math.abs(mean - around) < 0.2 && deviation > 0.08 && deviation < 0.3;

for (const tied of [true, false]) {
  const which = tied ? "tied" : "untied";
  Deno.test(`resizeVocab() starts spare rows of added tokens near the mean of the rows before them: ${which}`, () => {
    using lm = model(tied);
    const notes: string[] = [];
    assert.equal(resizeVocab(lm, { tokens: 33, added: [31, 30] }, (note) => notes.push(note)), true);
    for (const [i, weight] of weights(lm).entries()) {
      const rows = rowsOf(weight);
      assert.equal(rows.length, ROWS);
      assert.deepEqual(rows.map((row) => isNew(row, i + 1)), Array.from(rows, (_, id) => id === 30 || id === 31));
      assert.deepEqual([rows[29].mean, rows[32].mean], [i + 1, 100]);
    }
    const modules = tied ? "embed_tokens trains" : "embed_tokens and lm_head train";
    assert.deepEqual(notes, [`The vocabulary keeps its 40 rows: 2 added tokens take spare ones; ${modules} whole`]);
  });

  Deno.test(`resizeVocab() adds rows up to a multiple of 64 and starts those of added tokens below anew: ${which}`, () => {
    using lm = model(tied);
    const notes: string[] = [];
    assert.equal(resizeVocab(lm, { tokens: 42, added: [39, 40, 41] }, (note) => notes.push(note)), true);
    for (const [i, weight] of weights(lm).entries()) {
      const rows = rowsOf(weight), mean = (30 * (i + 1) + 9 * 100) / 39;
      assert.deepEqual(rows.map((row) => isNew(row, mean)), Array.from(rows, (_, id) => id >= 39));
      assert.equal(rows.length, 64);
    }
    assert.equal(lm.config.vocabSize, 64);
    const modules = tied ? "embed_tokens trains" : "embed_tokens and lm_head train";
    assert.deepEqual(notes, [`The vocabulary grows from 40 to 64 rows, for 3 added tokens; ${modules} whole`]);
  });
}

Deno.test("resizeVocab() leaves a vocabulary alone that has a row for each token, and of which none was added", () => {
  using lm = model(true);
  assert.equal(resizeVocab(lm, { tokens: ROWS, added: [] }, () => assert.fail()), false);
  assert.equal(lm.model.embedTokens.weight.toArray().at(-1), 100);
});

Deno.test("grownRows() makes room for ids beyond the number of tokens, which a vocabulary with gaps has", () => {
  assert.equal(grownRows(40, { tokens: 40, added: [] }), 40);
  assert.equal(grownRows(40, { tokens: 41, added: [] }), 64);
  assert.equal(grownRows(40, { tokens: 31, added: [70] }), 128);
  assert.deepEqual([[], [3]].map((added) => hasNewRows(40, { tokens: 31, added })), [false, true]);
});
