import assert from "node:assert/strict";
import { drawChart } from "./chart.ts";
import { range, smooth, ticks } from "./curve.ts";
import type { LogEntry } from "./lines.ts";
import { plots } from "./plots.ts";
import { png } from "./png.ts";

Deno.test("smooth() is a centred mean that begins where the data does, and passes over what is not a number", () => {
  assert.deepEqual(smooth([]), []);
  const weight = (1.8 * (1 / (1 + Math.exp(-0.05 * 3)) - 0.5)) ** 2; // of LLaMA-Factory's factor
  const [first, second, last] = smooth([1, 2, 4]);
  assert.equal(first, 1);
  assert.ok(Math.abs(second - (weight * 1 + 2 + weight * 4) / (1 + 2 * weight)) < 1e-12);
  assert.ok(Math.abs(last - (weight ** 2 + weight * 2 + 4) / (1 + weight + weight ** 2)) < 1e-12);
  const gap = smooth([1, NaN, 2]);
  assert.deepEqual([gap[0], gap[1], gap[2] > 1.9], [1, NaN, true]);
});

Deno.test("smooth() stays near a loss that falls: a running mean lies up to 0.9 above it", () => {
  const loss = Array.from({ length: 200 }, (_, step) => 0.5 + 4 * Math.exp(-step / 12));
  const off = smooth(loss).map((value, i) => Math.abs(value - loss[i]));
  assert.ok(Math.max(...off) < 0.15, String(Math.max(...off)));
  const noise = (i: number) => (i * 7919 % 13) / 13 - 0.5;
  const noisy = smooth(Array.from({ length: 200 }, (_, i) => noise(i)));
  assert.ok(Math.max(...noisy.slice(10, -10).map(Math.abs)) < 0.2, "noise is smoothed");
});

Deno.test("ticks() are round numbers inside the range", () => {
  assert.deepEqual(ticks(0.13, 2.93, 6), [0.5, 1, 1.5, 2, 2.5]);
  assert.deepEqual(ticks(0, 1, 5), [0, 0.2, 0.4, 0.6, 0.8, 1]);
  assert.deepEqual(ticks(10, 1200, 8), [200, 400, 600, 800, 1000, 1200]);
  assert.deepEqual(ticks(-1e-5, 1e-5, 4), [-1e-5, -5e-6, 0, 5e-6, 1e-5]);
});

Deno.test("range() has a width even where the values have none", () => {
  assert.deepEqual([range([]), range([NaN]), range([2, 2]), range([0]), range([1, NaN, 3])], [
    [0, 1],
    [0, 1],
    [1.8, 2.2],
    [-1, 1],
    [1, 3],
  ]);
});

const history: LogEntry[] = [
  { step: 10, epoch: 0.1, loss: 3, learning_rate: 1, grad_norm: 1 },
  { step: 20, epoch: 0.2, loss: NaN, learning_rate: 1 },
  { step: 20, epoch: 0.2, eval_loss: 2.5, eval_accuracy: 0.5, eval_runtime: 1 },
  { step: 30, epoch: 0.3, loss: 2, learning_rate: 1, "rewards/accuracies": 0.5 },
  { step: 40, epoch: 0.4, loss: 1.5, learning_rate: 1, "rewards/accuracies": 0.75, kl: 1 },
  { step: 40, epoch: 0.4, train_loss: 2.2, train_runtime: 4 },
];

Deno.test("plots() names its files as LLaMA-Factory does, and plots no clocks", () => {
  assert.deepEqual(plots(history).map(({ name }) => name), [
    "training_loss",
    "training_eval_loss",
    "training_eval_accuracy",
    "training_rewards_accuracies",
    "training_kl",
  ]);
  assert.deepEqual(plots([]), []);
});

Deno.test("drawChart() is a whole SVG document with gaps for NaN, whatever the numbers and the words", () => {
  for (const values of [[], [1], [NaN], [1, 1], [1e-9, 2e-9], [-5, 5], [1e9, 3e9], [1, NaN, Infinity, 2]]) {
    const points = values.map((y, x) => ({ x, y }));
    const svg = drawChart({ title: "<a & b>", xLabel: "step", series: [{ name: "n", points, colour: "#000" }] });
    assert.match(svg, /^<svg [^>]+>[^]*<\/svg>\n$/);
    assert(svg.includes("&lt;a &amp; b&gt;"));
    assert(!/NaN|Infinity|undefined/.test(svg));
  }
  const svg = drawChart(plots(history)[0].chart);
  assert.equal(svg.match(/<path d="M[^"]*M/g)?.length, 2); // both curves are broken at step 20
});

Deno.test("png() draws at twice the size, with words, on a machine without fonts", async () => {
  const words = await png(drawChart(plots(history)[0].chart));
  const none = await png(drawChart(plots(history)[0].chart).replace(/<text[^]*?<\/text>/g, ""));
  assert.deepEqual([...words.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const view = new DataView(words.buffer, words.byteOffset);
  assert.deepEqual([view.getUint32(16), view.getUint32(20)], [1600, 960]);
  assert(words.length > none.length + 5000, "the words are not drawn");
});
