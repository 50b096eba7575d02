import assert from "node:assert/strict";
import { ALLOCATORS, Ledger } from "./ledger.ts";

Deno.test("Ledger counts on a CPU what the arena counts: 64 KiB and more, in pages", () => {
  const ledger = new Ledger(ALLOCATORS.cpu);
  assert.equal(ledger.take(65_535, "weights"), 0);
  assert.equal(ledger.take(65_536, "weights"), 65_536);
  assert.equal(ledger.take(65_537, "weights"), 69_632);
});

Deno.test("Ledger counts on a GPU every block, in 512 bytes", () => {
  const ledger = new Ledger(ALLOCATORS.cuda);
  assert.equal(ledger.take(1, "weights"), 512);
  assert.equal(ledger.take(0, "weights"), 0);
});

Deno.test("Ledger remembers what was done at the peak, and what the memory was for", () => {
  const ledger = new Ledger(ALLOCATORS.cuda);
  ledger.doing = "loading";
  ledger.take(1024, "weights");
  ledger.doing = "the loss";
  const made = ledger.take(2048, "temporary");
  ledger.turn(made, "temporary", "gradients");
  ledger.take(512, "logits");
  ledger.give(made, "gradients");
  ledger.doing = "the optimizer's step";
  ledger.take(1024, "optimizer");
  assert.deepEqual([ledger.used, ledger.peak, ledger.atPeak.doing], [2560, 3584, "the loss"]);
  const { weights, gradients, logits, temporary } = ledger.atPeak.byKind;
  assert.deepEqual([weights, gradients, logits, temporary], [1024, 2048, 512, 0]);
});
