import assert from "node:assert/strict";
import { type AttentionFacts, attentionKernel } from "./attention_kernel.ts";

const H100: AttentionFacts = {
  own: false,
  capability: 9,
  dtype: "bf16",
  channels: 128,
  equal: false,
  window: 0,
  dropout: 0,
};
const CPU = { ...H100, own: true, capability: 0 };

const CHOICES: readonly [string, AttentionFacts, string][] = [
  ["a CPU takes ftx's kernel", CPU, "own"],
  ["a CPU that it is not for takes libtorch's", { ...CPU, own: false }, "plain"],
  ["dropout on a CPU takes libtorch's", { ...CPU, dropout: 0.1 }, "plain"],
  ["packed documents take flash attention in one call", H100, "flash"],
  ["documents of one length take libtorch's choice", { ...H100, equal: true }, "plain"],
  ["windows take flash attention, also for documents of one length", { ...H100, equal: true, window: 64 }, "flash"],
  ["flash attention has dropout", { ...H100, dropout: 0.1 }, "flash"],
  ["fp16 is as good", { ...H100, dtype: "f16" }, "flash"],
  ["fp32 takes the memory-efficient kernel", { ...H100, dtype: "f32" }, "efficient"],
  ["fp32 of one length too: libtorch's own choice has none with shared heads", {
    ...H100,
    dtype: "f32",
    equal: true,
  }, "efficient"],
  ["fp32 with a window goes a document at a time", { ...H100, dtype: "f32", window: 64 }, "plain"],
  ["heads too wide for flash attention", { ...H100, channels: 512 }, "efficient"],
  ["heads of 256 on an H100", { ...H100, channels: 256 }, "flash"],
  ["and on a GPU with less room", { ...H100, capability: 8.9, channels: 256 }, "efficient"],
  ["heads of a width that no kernel takes", { ...H100, channels: 100 }, "plain"],
  ["a GPU before Ampere has no flash attention", { ...H100, capability: 7.5, dtype: "f16" }, "efficient"],
  ["nor any kernel for bf16", { ...H100, capability: 7.5 }, "plain"],
  ["fp64", { ...H100, dtype: "f64" }, "plain"],
];

for (const [what, facts, kernel] of CHOICES) {
  Deno.test(`attentionKernel(): ${what}`, () => assert.equal(attentionKernel(facts), kernel));
}
