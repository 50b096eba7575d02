// More rows in one pass than any buffer on the way has room for.

import assert from "node:assert/strict";
import { join } from "node:path";
import { logOf } from "./compare.ts";
import { type Settings, trained, workplace } from "./nano.ts";

const ROWS = 10_000;
const WORDS = ["image", "container", "city", "sea", "poem"];

Deno.test("10,000 short rows in one pack train, with the losses of the same rows in small batches", async () => {
  using place = workplace();
  const rows = Array.from({ length: ROWS }, (_, i) => ({ instruction: WORDS[i % 5], output: WORDS[i * 7 % 3] }));
  const dataset = join(place.path, "rows.jsonl");
  Deno.writeTextFileSync(dataset, rows.map((row) => JSON.stringify(row) + "\n").join(""));
  const losses = async (name: string, settings: Settings) => {
    const folder = join(place.path, name);
    await trained(folder, { dataset, disableShuffling: true, maxSteps: 2, saveStrategy: "no", ...settings });
    return logOf(folder).map(({ loss, total_tokens }) => ({ loss: Number(loss), tokens: total_tokens }));
  };
  const packed = await losses("packed", { packing: true, cutoffLen: 400_000, perDeviceTrainBatchSize: 1 });
  const apart = await losses("apart", { perDeviceTrainBatchSize: 100, gradientAccumulationSteps: 100 });
  assert.equal(packed.length, 2);
  packed.forEach(({ loss, tokens }, step) => {
    assert.equal(tokens, apart[step].tokens);
    assert.ok(Math.abs(loss - apart[step].loss) < 1e-5, `step ${step + 1}: ${loss}, not ${apart[step].loss}`);
  });
});
