import assert from "node:assert/strict";
import { LossScale } from "./loss_scale.ts";

Deno.test("LossScale halves at each overflow and doubles after 2,000 steps without", () => {
  const scale = new LossScale();
  scale.update(true);
  scale.update(true);
  assert.equal(scale.scale, 16384);
  for (let i = 0; i < 1999; i++) scale.update(false);
  assert.equal(scale.scale, 16384);
  scale.update(false);
  assert.equal(scale.scale, 32768);
});

Deno.test("LossScale counts its 2,000 steps from the last overflow", () => {
  const scale = new LossScale();
  for (let i = 0; i < 1999; i++) scale.update(false);
  scale.update(true);
  for (let i = 0; i < 1999; i++) scale.update(false);
  assert.equal(scale.scale, 32768);
  scale.update(false);
  assert.equal(scale.scale, 65536);
  assert.equal(scale.lowered, 1);
});

Deno.test("LossScale stays within fp32", () => {
  const scale = new LossScale();
  scale.load({ scale: 2 ** 127, good: 1999, lowered: 0 });
  scale.update(false);
  assert.equal(scale.scale, 2 ** 127);
});

Deno.test("LossScale goes on from its state as if it had not been away", () => {
  const whole = new LossScale(), first = new LossScale();
  const overflows = (i: number) => i % 2500 === 7;
  for (let i = 0; i < 6000; i++) whole.update(overflows(i));
  for (let i = 0; i < 3000; i++) first.update(overflows(i));
  const second = new LossScale();
  second.load(JSON.parse(JSON.stringify(first.state())));
  for (let i = 3000; i < 6000; i++) second.update(overflows(i));
  assert.deepEqual(second.state(), whole.state());
});
