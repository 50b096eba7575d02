import assert from "node:assert/strict";
import type { EvalLine, Plan, Reader, ReportState, Step, StepLine, Summary } from "./lines.ts";
import { Reporter } from "./reporter.ts";
import { readTrainerState, trainerState } from "./trainer_state.ts";
import { stringifyNumbers } from "../run/writer.ts";

const plan: Plan = {
  totalSteps: 8,
  epochs: 2,
  rows: 8,
  rowsPerStep: 2,
  batchSize: 2,
  parameters: 100,
  trainable: 10,
  flopsPerToken: 6,
};

class Recorder implements Reader {
  steps: StepLine[] = [];
  progressed = 0;
  evals: EvalLine[] = [];
  notes: string[] = [];
  summary?: Summary;
  state?: ReportState;
  step(line: StepLine) {
    this.steps.push(line);
  }
  progress() {
    this.progressed++;
  }
  evaluation(line: EvalLine) {
    this.evals.push(line);
  }
  note(text: string, kind: string) {
    this.notes.push(`${kind}: ${text}`);
  }
  end(summary: Summary, state: ReportState) {
    this.summary = summary;
    this.state = state;
  }
}

const step = (n: number, loss: number, more: Partial<Step> = {}): Step => ({
  step: n,
  epoch: n / 4,
  loss,
  learningRate: 1e-4 * n,
  gradNorm: n,
  tokens: 10,
  learned: 5,
  rows: 2,
  ...more,
});

const every = (loggingSteps: number) => ({ loggingSteps, loggingStrategy: "steps", loggingFirstStep: false }) as const;

/** A clock that advances by one second at each step of the loop. */
function clock() {
  let seconds = 0;
  return { now: () => seconds * 1000, tick: () => seconds++ };
}

Deno.test("Reporter averages a metric over the steps that report it, also where a line ends and a run is resumed between them", () => {
  const seen = new Recorder();
  const metrics: Record<string, number>[] = [{ kl: 1 }, {}, { kl: 5 }, {}];
  let reporter = new Reporter({ readers: [], logging: every(4) });
  for (const [i, some] of metrics.entries()) {
    if (i === 2) reporter = new Reporter({ readers: [seen], logging: every(4), state: reporter.state });
    reporter.step(step(i + 1, 1, { metrics: some }));
  }
  assert.deepEqual(seen.steps.map(({ metrics }) => metrics), [{ kl: 3 }]);
});

Deno.test("Reporter averages the loss since the last line and knows speed and time left", () => {
  const seen = new Recorder();
  const { now, tick } = clock();
  const reporter = new Reporter({ readers: [seen], logging: every(2), now });
  reporter.start(plan);
  for (const [n, loss] of [[1, 4], [2, 2], [3, 1.5], [4, 0.5]]) {
    tick();
    reporter.step(step(n, loss, { metrics: { kl: loss * 10 } }));
  }
  assert.equal(seen.progressed, 4);
  assert.deepEqual(seen.steps.map(({ step, loss, metrics }) => [step, loss, metrics.kl]), [[2, 3, 30], [4, 1, 10]]);
  const last = seen.steps[1];
  assert.deepEqual([last.tokens, last.tokensPerSecond, last.seconds, last.remaining], [40, 10, 4, 4]);
  assert.deepEqual(reporter.state.history, [
    { epoch: 0.5, grad_norm: 2, learning_rate: 2e-4, loss: 3, kl: 30, step: 2 },
    { epoch: 1, grad_norm: 4, learning_rate: 4e-4, loss: 1, kl: 10, step: 4 },
  ]);
});

Deno.test("Reporter writes lines where logging_strategy, logging_steps and logging_first_step say", () => {
  const cases = [
    [{ loggingSteps: 3, loggingStrategy: "steps", loggingFirstStep: false }, [3, 6]],
    [{ loggingSteps: 3, loggingStrategy: "steps", loggingFirstStep: true }, [1, 3, 6]],
    [{ loggingSteps: 3, loggingStrategy: "epoch", loggingFirstStep: false }, [4, 8]],
    [{ loggingSteps: 3, loggingStrategy: "no", loggingFirstStep: false }, []],
  ] as const;
  for (const [logging, expected] of cases) {
    const seen = new Recorder();
    const reporter = new Reporter({ readers: [seen], logging });
    reporter.start(plan);
    for (let n = 1; n <= 8; n++) reporter.step(step(n, 1, { endsEpoch: n % 4 === 0 }));
    assert.deepEqual(seen.steps.map(({ step }) => step), expected);
  }
});

Deno.test("Reporter logs a NaN as NaN, counts the skipped step, and keeps it out of the mean of the run", async () => {
  const seen = new Recorder();
  const reporter = new Reporter({ readers: [seen], logging: every(1) });
  reporter.start(plan);
  reporter.step(step(1, 2));
  reporter.step(step(2, NaN, { skipped: true }));
  reporter.step(step(3, 1));
  assert.deepEqual(seen.steps.map(({ loss, skipped }) => [loss, skipped]), [[2, 0], [NaN, 1], [1, 1]]);
  assert.equal((await reporter.end()).trainLoss, 1.5);
});

Deno.test("Reporter gives evaluations HF's names, also with several sets", () => {
  const seen = new Recorder();
  const reporter = new Reporter({ readers: [seen] });
  reporter.start(plan);
  const done = { step: 2, epoch: 0.5, metrics: { loss: 1.25 }, rows: 10, batches: 5, seconds: 2 };
  reporter.evaluation(done);
  reporter.evaluation({ ...done, name: "code" });
  assert.deepEqual(reporter.state.history, [
    { epoch: 0.5, eval_loss: 1.25, eval_runtime: 2, eval_samples_per_second: 5, eval_steps_per_second: 2.5, step: 2 },
    {
      epoch: 0.5,
      eval_code_loss: 1.25,
      eval_code_runtime: 2,
      eval_code_samples_per_second: 5,
      eval_code_steps_per_second: 2.5,
      step: 2,
    },
  ]);
  assert.equal(seen.evals[1].metrics.eval_code_loss, 1.25);
});

Deno.test("Reporter resumed in the middle of a line ends as if it had never stopped", async () => {
  const losses = [3.1, NaN, 2.7, 2.2, 1.9, 1.3, 0.7, 0.9];
  async function train(stops: number[]): Promise<[unknown, unknown]> {
    let text = "";
    for (let from = 0;;) {
      const seen = new Recorder();
      const state = text ? readTrainerState(text) : undefined;
      const { now, tick } = clock();
      const reporter = new Reporter({ readers: [seen], logging: every(3), now, state });
      reporter.start(plan);
      const to = stops.shift() ?? 8;
      for (; from < to; from++) {
        tick();
        reporter.step(step(from + 1, losses[from], { skipped: Number.isNaN(losses[from]) }));
      }
      reporter.best = { step: 3, metric: "eval_loss", value: 1 / 3, checkpoint: "out/checkpoint-3" };
      const settings = { loggingSteps: 3, saveSteps: 1 };
      text = stringifyNumbers(trainerState(reporter.state, plan, settings)); // what a checkpoint holds
      if (to === 8) return [await reporter.end(), reporter.state];
    }
  }
  const whole = await train([]);
  assert.deepEqual(await train([4]), whole);
  assert.deepEqual(await train([1, 2, 3, 4, 5, 6, 7]), whole);
});

Deno.test("Reporter drops a reader that fails, says so, and continues", async () => {
  const seen = new Recorder();
  class Broken implements Reader {
    step() {
      throw new Error("no space left on device");
    }
  }
  const reporter = new Reporter({ readers: [new Broken(), seen], logging: every(1) });
  reporter.start(plan);
  reporter.step(step(1, 1));
  reporter.step(step(2, 1));
  await reporter.end();
  assert.deepEqual(seen.notes, ["warning: Broken stopped reporting: no space left on device"]);
  assert.equal(seen.steps.length, 2);
});

Deno.test("Reporter distinguishes a run that stopped from one that finished", async () => {
  for (const [how, finished] of [[{}, true], [{ stopped: "SIGTERM" }, false]] as const) {
    const reporter = new Reporter({ readers: [] });
    reporter.start(plan);
    reporter.step(step(1, 1));
    assert.equal((await reporter.end(how)).finished, finished);
    assert.equal(reporter.state.history.some((entry) => "train_loss" in entry), finished);
  }
});

Deno.test("Reporter of a run that only evaluated sums up no training", async () => {
  const reporter = new Reporter({ readers: [] });
  reporter.start({ ...plan, totalSteps: 0 });
  reporter.evaluation({ step: 0, epoch: 0, metrics: { loss: 2 }, rows: 1, batches: 1, seconds: 1 });
  await reporter.end();
  assert.deepEqual(reporter.state.history.map((entry) => entry.train_loss ?? entry.eval_loss), [2]);
});

Deno.test("Reporter of a resumed run knows the last evaluation", async () => {
  const first = new Reporter({ readers: [] });
  first.start(plan);
  first.step(step(1, 1));
  first.evaluation({ step: 1, epoch: 0, metrics: { loss: 2 }, rows: 1, batches: 1, seconds: 1 });
  assert.equal(first.evaluatedAt, 1);
  const second = new Reporter({ readers: [], state: first.state });
  assert.equal(second.evaluatedAt, 1);
  second.start(plan);
  assert.equal((await second.end()).evals.eval_loss, 2);
});
