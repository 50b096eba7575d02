import assert from "node:assert/strict";
import { LossScale } from "../../src/optim/mod.ts";
import { json } from "./fixture.ts";

Deno.test("LossScale moves as torch.amp.GradScaler does over 9,000 steps", () => {
  const { steps, overflows, scales } = json("loss_scale.json");
  const scale = new LossScale(), moved: Record<string, number> = {};
  for (let step = 0; step < steps; step++) {
    const before = scale.scale;
    scale.update(overflows.includes(step));
    if (scale.scale !== before) moved[step] = scale.scale;
  }
  assert.deepEqual(moved, scales);
  assert.ok(Object.keys(moved).length > overflows.length, "the scale never grew");
});
