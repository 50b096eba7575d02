import assert from "node:assert/strict";
import { Deadline, layerFilter, matcher, patternLookup, savedMatcher } from "./patterns.ts";

const q = "model.layers.0.self_attn.q_proj", deadline = new Deadline(60_000);

Deno.test("matcher() takes names by whole parts, and expressions in full", () => {
  const named = matcher("target_modules", ["q_proj", "mlp.up_proj"], deadline);
  assert.deepEqual([q, "q_proj", "x.mlp.up_proj", "x.up_proj", "x_q_proj"].map(named), [
    true,
    true,
    true,
    false,
    false,
  ]);
  const expressed = matcher("target_modules", ".*q_proj", deadline);
  assert.deepEqual([q, `${q}.x`].map(expressed), [true, false]);
});

Deno.test("savedMatcher() takes whole parts of a path, wherever they are", () => {
  const saved = savedMatcher(["mlp", "layers.1", "(k|v)_proj"], deadline);
  const paths = ["a.mlp", "a.mlp.up", "a.mlps", "model.layers.1.x", "model.layers.11.x", "b.k_proj", "b.q_proj"];
  assert.deepEqual(paths.map(saved), [true, true, false, true, false, true, false]);
});

Deno.test("patternLookup() gives the first key that the end of a path matches; a dot stands for any character", () => {
  const lookup = patternLookup(
    "rank_pattern",
    { "^q_proj": 1, "attn.q": 2, "self_attn.q_proj": 3, "q.proj": 4, ".*": 5 },
    deadline,
  );
  assert.deepEqual([lookup(q)?.name, lookup(q)?.value], ["self_attn.q_proj", 3]);
  assert.deepEqual(["q_proj", "x.q_proj", "x"].map((path) => lookup(path)?.value), [1, 4, 5]);
});

Deno.test("layerFilter() compares the number after the first name of the pattern", () => {
  const inLayers = (layersPattern: string[]) => layerFilter({ layersToTransform: [0, 7], layersPattern }, deadline);
  // Without a pattern the name in front of the number has a dot before it, as in PEFT.
  assert.deepEqual([q, "h.1.x.7.y", "h.7.x.1.y", "h.x"].map(inLayers([])), [true, true, false, false]);
  assert.deepEqual([q, "h.1.x.7.y", "h.7.x.1.y"].map(inLayers(["x", "layers"])), [true, true, false]);
});

Deno.test("what takes too long ends with a sentence", () => {
  const names = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`(${i})`, 1]));
  assert.throws(() => patternLookup("rank_pattern", names, new Deadline(0))(q), {
    name: "CheckpointError",
    message: "Cannot use rank_pattern: comparing it with the model's modules takes more than 0 s; " +
      "correct adapter_config.json or lora_target",
  });
});
