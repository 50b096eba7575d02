import assert from "node:assert/strict";
import { RecipeError } from "../errors.ts";
import { schedule, SCHEDULES, warmupSteps } from "./schedule.ts";

// Made by tests/parity/schedules.py from transformers.
const fixture = JSON.parse(
  Deno.readTextFileSync(new URL("../../tests/parity/fixtures/schedules.json", import.meta.url)),
);
const run = { lr: 1e-4, warmupSteps: 2, totalSteps: 10 };

Deno.test("schedule() equals transformers' in every schedule and option", () => {
  for (const { name, warmup, total, kwargs, rates } of fixture.bySteps) {
    const factor = schedule(name, { lr: fixture.lr, warmupSteps: warmup, totalSteps: total, kwargs });
    const differences = rates.map((rate: number, step: number) => Math.abs(fixture.lr * factor(step) - rate));
    const most = Math.max(...differences);
    assert(most <= 1e-15 * fixture.lr, `${name} ${JSON.stringify({ warmup, total, kwargs })} is off by ${most}`);
  }
});

Deno.test("schedule() is compared with transformers for each name there is", () => {
  const compared = new Set(fixture.bySteps.map(({ name }: { name: string }) => name));
  assert.deepEqual([...compared].sort(), Object.keys(SCHEDULES).sort());
});

Deno.test("warmupSteps() takes whole steps from 1 on, and a share below", () => {
  for (const { asked, total, steps } of fixture.warmup) assert.equal(warmupSteps(total, { steps: asked }), steps);
  assert.equal(warmupSteps(30, { ratio: 0.1 }), 3);
  assert.equal(warmupSteps(31, { ratio: 0.1 }), 4);
  assert.equal(warmupSteps(30, { steps: 5, ratio: 0.1 }), 5);
});

Deno.test("schedule() starts at rate 0 where there is warm-up", () => {
  assert.equal(schedule("linear", run)(0), 0);
  assert.equal(schedule("linear", { ...run, warmupSteps: 0 })(0), 1);
});

const refused: [string, Record<string, unknown>, string][] = [
  ["cosine", { cycles: 2 }, "cycles = 2 is not one of its options; choose from num_cycles"],
  ["constant", { num_cycles: 2 }, "num_cycles = 2 is not one of its options; it has none"],
  ["cosine", { num_cycles: "2" }, 'num_cycles = "2" must be a number; change it'],
  ["cosine_with_min_lr", {}, "min_lr_rate is missing, and so is min_lr; give one of them"],
  [
    "cosine_with_min_lr",
    { min_lr: 1, min_lr_rate: 0.1 },
    "min_lr_rate = 0.1 says the same as min_lr; give one of them",
  ],
  ["polynomial", { lr_end: 1 }, "lr_end = 1 must be below learning_rate = 0.0001, and is 1; change it"],
  ["inverse_sqrt", { timescale: 0 }, "timescale = 0 must be above 0; change it"],
  ["warmup_stable_decay", {}, "num_decay_steps is missing; give the steps of the decay"],
  [
    "warmup_stable_decay",
    { num_decay_steps: 1, decay_type: "exp" },
    'decay_type = "exp" must be one of linear, cosine, 1-sqrt; change it',
  ],
];
const named = (name: string, said: string) =>
  new RecipeError(`Cannot use lr_scheduler_kwargs with lr_scheduler_type = "${name}": ${said}`);

for (const [name, kwargs, said] of refused) {
  Deno.test(`schedule() refuses ${name} with ${JSON.stringify(kwargs)}`, () => {
    assert.throws(() => schedule(name, { ...run, kwargs }), named(name, said));
  });
}

Deno.test("schedule() names every schedule where it does not know one", () => {
  assert.throws(
    () => schedule("toString", run),
    new RecipeError(
      'Cannot use lr_scheduler_type = "toString": it is not a schedule; choose one of linear, cosine, cosine_with_restarts, ' +
        "polynomial, constant, constant_with_warmup, inverse_sqrt, cosine_with_min_lr, cosine_warmup_with_min_lr, " +
        "warmup_stable_decay, reduce_lr_on_plateau, greedy",
    ),
  );
});
