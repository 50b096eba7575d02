import assert from "node:assert/strict";
import { Ledger } from "./ledger.ts";
import { type Shadow, Tape } from "./tape.ts";

const KiB = 1024;

/** A tape whose memory is counted to the byte, and a leaf that trains. */
function begin() {
  const ledger = new Ledger({ least: 1, grain: 1 }), tape = new Tape(ledger);
  const leaf = tape.tensor(KiB, 1, "weights");
  leaf.wantsGrad = true;
  return { ledger, tape, leaf };
}

/** An operator that makes a tensor as large as its input, and a gradient as large. */
const same = (tape: Tape, x: Shadow, saved: Shadow[] = []) =>
  tape.record(tape.tensor(x.size, 1), { inputs: [x], saved, backward: () => [tape.flow(x.size)] });

Deno.test("scope() ends everything but its result and what a graph has saved", () => {
  const { ledger, tape, leaf } = begin();
  tape.scope(() => {
    const y = tape.scope(() => same(tape, same(tape, leaf), [leaf]));
    assert.equal(ledger.used, 2 * KiB); // the leaf and y
    tape.scope(() => same(tape, y, [y, tape.tensor(KiB, 1)]));
    assert.equal(ledger.used, 4 * KiB); // its result, and a tensor of which only the graph knows
  });
  assert.equal(ledger.used, 3 * KiB); // what is saved waits for a backward
});

Deno.test("backward() frees what each operator saved, and the first gradient becomes the leaf's own", () => {
  const { ledger, tape, leaf } = begin();
  tape.scope(() => {
    const y = same(tape, same(tape, leaf, [tape.tensor(KiB, 1)]), [tape.tensor(KiB, 1)]);
    tape.backward(y);
    assert.equal(leaf.grad?.kind, "gradients");
  });
  assert.equal(ledger.used, 2 * KiB);
  tape.scope(() => tape.backward(same(tape, leaf)));
  assert.equal(ledger.used, 2 * KiB); // added in place
  tape.forget(leaf);
  assert.equal(ledger.used, KiB);
});

Deno.test("backward() adds gradients that meet into one another", () => {
  const { ledger, tape, leaf } = begin();
  tape.scope(() => {
    const x = same(tape, leaf), [a, b] = [same(tape, x), same(tape, x)];
    const sum = tape.record(tape.tensor(KiB, 1), { inputs: [a, b], backward: (g) => [g, g] });
    const before = ledger.used;
    tape.backward(sum, tape.tensor(KiB, 1));
    // the gradient given, that of one branch, that of the other: never a fourth
    assert.equal(ledger.peak, before + 3 * KiB);
  });
  assert.equal(ledger.used, 2 * KiB);
});

Deno.test("nothing is saved where nothing is recorded or wants a gradient", () => {
  const { ledger, tape, leaf } = begin();
  const frozen = tape.tensor(KiB, 1, "weights");
  tape.scope(() => void same(tape, frozen, [tape.tensor(KiB, 1)]));
  tape.recording = false;
  tape.scope(() => void same(tape, leaf, [tape.tensor(KiB, 1)]));
  assert.equal(ledger.used, 2 * KiB);
});

Deno.test("end() frees a tensor once its scope no longer knows it, and once only", () => {
  const { ledger, tape } = begin();
  tape.scope(() => {
    tape.end(tape.tensor(KiB, 1));
    assert.equal(ledger.used, KiB);
  });
  assert.equal(ledger.used, KiB);
});
