import assert from "node:assert/strict";
import { generate, type GenerateOptions, Past } from "../../src/generate/mod.ts";
import type { CausalLm } from "../../src/models/mod.ts";
import { layoutOf } from "../../src/nn/mod.ts";
import { from, live, noGrad, scope, type Tensor } from "../../src/tensor/mod.ts";
import { distance, json, model } from "./fixture.ts";

interface Case {
  name: string;
  model: string;
  settings: { repetition_penalty?: number; temperature?: number; top_k?: number; top_p?: number };
  seed?: number;
  prompt: number[];
  continuation: number[];
}
const cases: Case[] = json("generation.json");

/** All ids that `generate` gives, and why it ended. */
async function all(lm: CausalLm, prompt: number[], options: GenerateOptions = {}) {
  const ids: number[] = [], generated = generate(lm, prompt, options);
  for (;;) {
    const { done, value } = await generated.next();
    if (done) return { ids, ending: value };
    ids.push(value);
  }
}

for (const { name, model: base, settings, seed, prompt, continuation } of cases) {
  const doSample = seed !== undefined;
  Deno.test({
    name: `generate() continues as transformers' generate does: ${name}`,
    ignore: doSample && Deno.build.arch !== "x86_64", // libtorch draws with MKL there, and otherwise elsewhere
    async fn() {
      using lm = await model(base);
      const { repetition_penalty: repetitionPenalty = 1, temperature = 1, top_k: topK = 0, top_p: topP = 1 } = settings;
      const how = { doSample, seed, repetitionPenalty, temperature, topK, topP, maxNewTokens: continuation.length };
      assert.deepEqual(await all(lm, prompt, how), { ids: continuation, ending: "length" });
    },
  });
}

/** Logits of the last id, computed without a cache. */
function whole(lm: CausalLm, ids: number[]): Tensor {
  const positions = Int32Array.from(ids, (_, i) => i);
  const layout = layoutOf(positions, Int32Array.of(0, ids.length), "cpu");
  return noGrad(() => lm.call(from(Int32Array.from(ids)), layout)).select(0, ids.length - 1);
}

for (const base of ["llama2", "llama3", "mistral", "qwen2", "qwen3"]) {
  Deno.test(`${base}: logits with cached keys and values equal a full pass to 1e-5`, async () => {
    using lm = await model(base);
    using past = new Past();
    const ids = Array.from({ length: 60 }, (_, i) => (i * 37 + 11) % 95);
    let read = 0;
    for (const piece of [20, 1, 1, 7, 1, 30]) { // a prompt, tokens, more turns; beyond the sliding window of mistral
      const to = read + piece;
      scope(() => {
        const error = distance(past.read(lm, ids.slice(read, to)), whole(lm, ids.slice(0, to)));
        assert.ok(error < 1e-5, `${base}, token ${to}: ${error}`);
      });
      read = to;
    }
    ids[33] = 5; // another text from here on
    scope(() => {
      const rest = past.goBackTo(ids);
      assert.deepEqual([past.length, rest.length], [33, 27]);
      assert.ok(distance(past.read(lm, rest), whole(lm, ids)) < 1e-5);
    });
  });
}

Deno.test("generate() reads a long prompt in pieces, to the same end", async () => {
  using lm = await model("llama2", { max_position_embeddings: 4096 });
  const prompt = Array.from({ length: 1200 }, (_, i) => (i * i + 3 * i) % 95);
  const { ids } = await all(lm, prompt, { maxNewTokens: 3 });
  for (const [i, id] of ids.entries()) {
    assert.equal(scope(() => whole(lm, [...prompt, ...ids.slice(0, i)]).argmax().item()), id);
  }
});

Deno.test("generate() ends at a stop id, at the limit, at the last position, and when aborted", async () => {
  const { prompt, continuation } = cases[0];
  using lm = await model("llama2", { max_position_embeddings: 16 });
  const first = continuation.findIndex((id) => id === 58);
  assert.deepEqual(await all(lm, prompt, { stop: [58] }), { ids: continuation.slice(0, first), ending: "stop" });
  assert.deepEqual(await all(lm, prompt, { maxNewTokens: 2 }), { ids: continuation.slice(0, 2), ending: "length" });
  assert.deepEqual(await all(lm, prompt), { ids: continuation.slice(0, 7), ending: "positions" }); // ids 10 to 15 are read

  const stopping = new AbortController(), ids = generate(lm, prompt, { signal: stopping.signal });
  assert.equal((await ids.next()).value, continuation[0]);
  stopping.abort();
  assert.deepEqual(await ids.next(), { done: true, value: "aborted" });
});

Deno.test("generate() lets timers act between two tokens", async () => {
  using lm = await model("llama2");
  const stopping = new AbortController();
  setTimeout(() => stopping.abort(), 20);
  const { ending } = await all(lm, cases[0].prompt, { maxNewTokens: 100_000, signal: stopping.signal });
  assert.ok(ending === "aborted" || ending === "positions");
  assert.ok(stopping.signal.aborted);
});

Deno.test("generate() draws the same tokens after the same seed", async () => {
  using lm = await model("llama2");
  const how = { doSample: true, temperature: 0.9, topK: 50, topP: 0.95, maxNewTokens: 24 };
  const [a, b, c] = [1, 1, 2].map((seed) => ({ ...how, seed }));
  const first = await all(lm, cases[0].prompt, a);
  assert.deepEqual(await all(lm, cases[0].prompt, b), first);
  assert.notDeepEqual(await all(lm, cases[0].prompt, c), first);
});

Deno.test("generate() leaves as many tensors alive as it found, even when not all tokens are taken", async () => {
  using lm = await model("llama2");
  const { prompt } = cases[0], how = { doSample: true, repetitionPenalty: 1.2 };
  await all(lm, prompt, { ...how, maxNewTokens: 40 }); // rope makes its tables
  const before = live();
  await all(lm, prompt, { ...how, maxNewTokens: 40 });
  for await (const id of generate(lm, prompt, how)) if (id >= 0) break;
  assert.equal(live(), before);
});

Deno.test("generate() says which prompts it cannot continue", async () => {
  using lm = await model("llama2", { max_position_embeddings: 16 });
  const rejects = (prompt: number[], message: string) =>
    assert.rejects(all(lm, prompt), { name: "FtxError", message: `Cannot answer ${message}` });
  await rejects([], "an empty prompt: write something");
  await rejects(
    Array(17).fill(1),
    "a prompt of 17 tokens: the model has 16 positions; shorten the conversation",
  );
  const { vocabSize } = lm.config;
  await rejects(
    [1, vocabSize],
    `a prompt with the token ${vocabSize}: the model's embedding has ${vocabSize} rows; ` +
      "check that tokenizer and model belong together, and that the vocabulary was resized if tokens were added",
  );
});
