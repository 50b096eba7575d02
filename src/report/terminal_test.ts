import assert from "node:assert/strict";
import { count, duration, short, size } from "./format.ts";
import { JsonLines } from "./json_lines.ts";
import type { Plan, StepLine, Summary } from "./lines.ts";
import type { Output } from "./output.ts";
import { progressLine, Terminal } from "./terminal.ts";

function output(terminal: boolean): Output & { text: string } {
  return {
    text: "",
    terminal,
    colour: false,
    columns: () => 80,
    write(text) {
      this.text += text;
    },
  };
}

// Control characters as words, so that a pattern can be read.
const told = (text: string) => text.replaceAll("\r", "<return>").replaceAll("\x1b[K", "<erase>");

const line = (step: number, more: Partial<StepLine> = {}): StepLine => ({
  step,
  totalSteps: 200,
  epoch: 1,
  loss: 1.23456,
  learningRate: 5e-5,
  gradNorm: 0.5,
  metrics: {},
  tokens: 1000,
  tokensPerSecond: 2345.6,
  seconds: 61,
  remaining: 3725,
  skipped: 0,
  memory: { bytes: 0, peak: 1.5 * 2 ** 30, peakReserved: undefined },
  ...more,
});

const plan: Plan = {
  totalSteps: 200,
  epochs: 1,
  rows: 1600,
  rowsPerStep: 8,
  batchSize: 8,
  parameters: 5_000_000,
  trainable: 20_000,
};

const summary: Summary = {
  step: 200,
  totalSteps: 200,
  epoch: 1,
  trainLoss: 1.5,
  seconds: 100,
  rows: 1600,
  tokens: 50_000,
  learned: 20_000,
  skipped: 0,
  flops: 0,
  evals: { eval_loss: 1.25, eval_runtime: 3 },
  memory: { bytes: 0, peak: 812 * 2 ** 20, peakReserved: undefined },
  finished: true,
};

Deno.test("numbers are short and keep their format", () => {
  assert.deepEqual([0, 59.9, 3600, 86400 + 61, 2 * 86400, NaN].map(duration), [
    "0:00:00",
    "0:00:59",
    "1:00:00",
    "1 day, 0:01:01",
    "2 days, 0:00:00",
    "?",
  ]);
  assert.deepEqual([0, 1.23456, 0.0123456, 1e-5, 12345.678, NaN, -0.5].map(short), [
    "0.0000",
    "1.2346",
    "0.01235",
    "1.00e-5",
    "12345.7",
    "NaN",
    "-0.5000",
  ]);
  assert.deepEqual([1000, 5e8, 5e9].map(size), ["1 KiB", "477 MiB", "4.7 GiB"]);
  assert.equal(count(1234567.8), "1,234,568");
});

Deno.test("progressLine() fits any width, and leaves out what matters least first", () => {
  const at = (columns: number) => progressLine(line(90), columns, false);
  assert.deepEqual(
    [110, 79, 60, 40, 20, 5].map(at),
    [
      "██████████████░░░░░░░░░░░░░░░░   45 %   90/200  loss 1.2346  lr 5.00e-5  2,346 tokens/s  1.5 GiB  1:02:05 left",
      " 45 %   90/200  loss 1.2346  lr 5.00e-5  2,346 tokens/s  1.5 GiB  1:02:05 left",
      " 45 %   90/200  loss 1.2346  2,346 tokens/s  1:02:05 left",
      "█████░░░░░░   45 %   90/200  loss 1.2346",
      " 45 %   90/200",
      " 45 %",
    ],
  );
  for (let columns = 4; columns < 200; columns++) assert(at(columns).length <= columns);
});

Deno.test("Terminal rewrites one line, lets notes scroll by above it, and draws at most every 80 ms", () => {
  const out = output(true);
  const errors = output(true);
  let now = 0;
  const terminal = new Terminal(out, errors, { now: () => now });
  terminal.progress(line(1));
  const first = out.text;
  assert.match(told(first), /^<return>[^\n]* {3}1\/200 [^\n]*<erase>$/);
  now = 50;
  terminal.progress(line(2));
  assert.equal(out.text, first);
  now = 100;
  terminal.step(line(2));
  terminal.progress(line(3));
  assert.match(told(out.text.slice(first.length)), /^<return>[^\n]* {3}3\/200 [^\n]*<erase>$/);
  out.text = "";
  terminal.note("Resuming", "note");
  assert.match(told(out.text), /^<return><erase>Resuming\n[^\n]*3\/200[^\n]*$/);
  terminal.note("disk full", "warning");
  assert.equal(errors.text, "warning: disk full\n");
});

Deno.test("Terminal writes a plain line for each logged step where it cannot be rewritten", () => {
  const out = output(false);
  const terminal = new Terminal(out, output(false));
  terminal.start(plan, 0);
  terminal.progress(line(9));
  terminal.step(line(10, { metrics: { kl: 0.5 }, skipped: 2 }));
  terminal.evaluation({
    step: 10,
    totalSteps: 200,
    epoch: 1,
    metrics: { eval_loss: 1.5, eval_runtime: 2, eval_samples_per_second: 3 },
    tokens: 0,
    tokensPerSecond: 0,
    seconds: 0,
    remaining: 0,
  });
  terminal.end(summary);
  assert.equal(
    out.text,
    `Training 20,000 of 5,000,000 parameters (0.40 %)
1,600 examples, 8 a step, 200 steps
step 10/200 (5 %)  loss 1.2346  kl 0.5000  lr 5.00e-5  grad 0.5000  2,346 tokens/s  1.5 GiB  2 skipped  0:01:01 < 1:02:05
step 10  eval_loss 1.5000
  steps      200 of 200
  epochs     1.00
  loss       1.5000
  eval loss  1.2500
  time       0:01:40
  speed      500 tokens/s
  memory     812 MiB at peak
`,
  );
});

Deno.test("Terminal with quiet prints only warnings and the result", () => {
  for (const tty of [true, false]) {
    const out = output(tty);
    const errors = output(tty);
    const terminal = new Terminal(out, errors, { quiet: true });
    terminal.start(plan, 0);
    terminal.progress(line(10));
    terminal.step(line(10));
    terminal.note("Resuming", "note");
    terminal.note("disk full", "warning");
    assert.deepEqual([out.text, errors.text], ["", "warning: disk full\n"]);
    terminal.end(summary);
    assert.match(out.text, /^ {2}steps /);
  }
});

Deno.test("Terminal says how much is left to train", () => {
  const first = (totalSteps: number, step: number) => {
    const out = output(false);
    new Terminal(out, output(false)).start({ ...plan, rows: 1, totalSteps }, step);
    return out.text.split("\n")[1];
  };
  assert.equal(first(1, 0), "1 example, 8 a step, 1 step");
  assert.equal(first(9, 3), "1 example, 8 a step, 9 steps, continuing after step 3");
  assert.equal(
    first(3, 3),
    "1 example, 8 a step, 3 steps, none left after step 3: raise max_steps or num_train_epochs to continue",
  );
});

Deno.test("JsonLines writes one object per line, identified by its event", () => {
  const out = output(false);
  const json = new JsonLines(out);
  json.start(plan, 0);
  json.step(line(10, { loss: NaN, metrics: { "rewards/margins": 1 } }));
  json.note("disk full", "warning");
  json.end(summary);
  const [start, step, warning, end] = out.text.trim().split("\n").map((text) => JSON.parse(text));
  assert.deepEqual([start.event, start.total_steps, start.rows_per_step], ["start", 200, 8]);
  assert.deepEqual([step.event, step.loss, step.learning_rate, step.tokens_per_second, step.metrics], [
    "step",
    "NaN",
    5e-5,
    2345.6,
    { "rewards/margins": 1 },
  ]);
  assert.deepEqual(warning, { event: "warning", text: "disk full" });
  assert.deepEqual([end.event, end.train_loss, end.finished], ["end", 1.5, true]);
});

Deno.test("standard() continues without a reader: a closed pipe does not end the process", async () => {
  const code = `
    import { standard } from "${import.meta.resolve("./output.ts")}";
    const out = standard("stdout");
    for (let i = 0; i < 100; i++) { out.write("x".repeat(10000) + "\\n"); await new Promise((r) => setTimeout(r, 1)); }
    Deno.writeTextFileSync(Deno.args[0], "trained");`;
  const path = Deno.makeTempFileSync();
  const deno = `"${Deno.execPath()}" run -A --no-check "data:application/typescript,${
    encodeURIComponent(code)
  }" ${path}`;
  const { code: exit } = await new Deno.Command("sh", { args: ["-c", `${deno} | head -1 >/dev/null`] }).output();
  assert.equal(exit, 0);
  for (let wait = 0; wait < 100 && !Deno.readTextFileSync(path); wait++) await new Promise((r) => setTimeout(r, 50));
  assert.equal(Deno.readTextFileSync(path), "trained");
  Deno.removeSync(path);
});
