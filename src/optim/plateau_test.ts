import assert from "node:assert/strict";
import { METRIC_SCHEDULES, metricSchedule } from "./plateau.ts";

// Made by tests/parity/schedules.py from torch and transformers.
const fixture = JSON.parse(
  Deno.readTextFileSync(new URL("../../tests/parity/fixtures/schedules.json", import.meta.url)),
);

Deno.test("metricSchedule() equals torch's ReduceLROnPlateau and transformers' GreedyLR to the last bit", () => {
  const compared = new Set<string>();
  for (const { name, kwargs, metrics, rates } of fixture.byMetric) {
    const made = metricSchedule(name, { lr: fixture.lr, kwargs });
    const ours = metrics.map((metric: number) => (made.observe(metric), made.rate));
    assert.deepEqual(ours, rates, `${name} ${JSON.stringify(kwargs)}`);
    compared.add(name);
  }
  assert.deepEqual([...compared].sort(), Object.keys(METRIC_SCHEDULES).sort());
});

Deno.test("metricSchedule() goes on from its state as if nothing had happened", () => {
  for (const { name, kwargs, metrics, rates } of fixture.byMetric) {
    for (const cut of [0, 7, 15]) {
      const before = metricSchedule(name, { lr: fixture.lr, kwargs });
      metrics.slice(0, cut).forEach((metric: number) => before.observe(metric));
      const after = metricSchedule(name, { lr: fixture.lr, kwargs });
      after.load(JSON.parse(JSON.stringify(before.state())));
      const rest = metrics.slice(cut).map((metric: number) => (after.observe(metric), after.rate));
      assert.deepEqual(rest, rates.slice(cut), `${name} ${JSON.stringify(kwargs)} cut at ${cut}`);
    }
  }
});

Deno.test("metricSchedule() refuses what it does not have", () => {
  const made = (name: string, kwargs: Record<string, unknown>) => () => metricSchedule(name, { lr: 1e-4, kwargs });
  const start = 'Cannot use lr_scheduler_kwargs with lr_scheduler_type = "reduce_lr_on_plateau": ';
  assert.throws(made("reduce_lr_on_plateau", { patience: 1.5 }), {
    name: "RecipeError",
    message: `${start}patience = 1.5 must be a whole number of at least 0; change it`,
  });
  assert.throws(made("reduce_lr_on_plateau", { factor: 1 }), {
    message: `${start}factor = 1 must be below 1; change it`,
  });
  assert.throws(made("linear", {}), {
    message: 'Cannot use lr_scheduler_type = "linear": it does not follow a metric; choose one of ' +
      "reduce_lr_on_plateau, greedy",
  });
});
