import { count, duration, short, size } from "./format.ts";
import { type EvalLine, isClock, type Plan, type Reader, type StepLine, type Summary } from "./lines.ts";
import type { Output } from "./output.ts";

const REDRAW = 80; // milliseconds between two drawings: anything faster only flickers

/**
 * Reports a run to a person. On a terminal, one progress line is rewritten in place, and evaluations and notes scroll by
 * above it; elsewhere, each logged step is a plain line. With `quiet`, only warnings and the result.
 */
export class Terminal implements Reader {
  #out: Output;
  #errors: Output;
  #quiet: boolean;
  #now: () => number;
  #bar = ""; // text of the rewritten line
  #drawn = -Infinity;

  /** Warnings go to `errors`, everything else to `out`. */
  constructor(out: Output, errors: Output, { quiet = false, now = () => performance.now() } = {}) {
    this.#out = out;
    this.#errors = errors;
    this.#quiet = quiet;
    this.#now = now;
  }

  start(plan: Plan, step: number): void {
    if (plan.totalSteps === 0) return this.#say(`Evaluating a model of ${count(plan.parameters)} parameters`);
    const share = (100 * plan.trainable / plan.parameters).toFixed(2);
    this.#say(`Training ${count(plan.trainable)} of ${count(plan.parameters)} parameters (${share} %)`);
    const from = step === 0
      ? ""
      : step < plan.totalSteps
      ? `, continuing after step ${count(step)}`
      : `, none left after step ${count(step)}: raise max_steps or num_train_epochs to continue`;
    this.#say(
      `${several(plan.rows, "example")}, ${count(plan.rowsPerStep)} a step, ${several(plan.totalSteps, "step")}${from}`,
    );
  }

  progress(line: StepLine): void {
    if (this.#quiet || !this.#out.terminal) return;
    const last = line.step >= line.totalSteps;
    if (!last && this.#now() - this.#drawn < REDRAW) return;
    this.#drawn = this.#now();
    this.#bar = progressLine(line, this.#out.columns() - 1, this.#out.colour);
    this.#out.write("\r" + this.#bar + ERASE);
  }

  step(line: StepLine): void {
    if (this.#quiet || this.#out.terminal) return;
    this.#out.write(plainLine(line) + "\n");
  }

  evaluation(line: EvalLine): void {
    const told = Object.entries(line.metrics).filter(([name]) => !isClock(name));
    this.#say(`step ${line.step}  ` + told.map(([name, value]) => `${name} ${short(value)}`).join("  "));
  }

  note(text: string, kind: "note" | "warning"): void {
    if (kind === "note") return this.#say(text);
    this.#clear();
    this.#errors.write(this.#errors.colour ? `\x1b[33mwarning:\x1b[0m ${text}\n` : `warning: ${text}\n`);
    this.#restore();
  }

  end(summary: Summary): void {
    if (this.#bar) this.#out.write("\n"); // the bar stays where it is
    this.#bar = "";
    this.#out.write(ending(summary).join("\n") + "\n");
  }

  #say(text: string): void {
    if (this.#quiet) return;
    this.#clear();
    this.#out.write(text + "\n");
    this.#restore();
  }

  #clear(): void {
    if (this.#bar) this.#out.write("\r" + ERASE);
  }

  #restore(): void {
    if (this.#bar) this.#out.write(this.#bar);
  }
}

const several = (number: number, what: string) => `${count(number)} ${what}${number === 1 ? "" : "s"}`;

const ERASE = "\x1b[K"; // from the cursor to the end of the line

/**
 * One line of at most `columns` characters: bar, percent, step, loss, learning rate, speed, memory, time left. Fields that
 * do not fit are dropped, the least important first; the bar takes the remaining width.
 */
export function progressLine(line: StepLine, columns: number, colour: boolean): string {
  const part = line.totalSteps ? Math.min(1, line.step / line.totalSteps) : 1;
  const percent = `${String(Math.floor(part * 100)).padStart(3)} %`;
  const total = String(line.totalSteps);
  const fields = [ // [text, rank]: the highest rank is dropped first
    [percent, 0],
    [`${String(line.step).padStart(total.length)}/${total}`, 1],
    [`loss ${short(line.loss)}`, 2],
    [`lr ${line.learningRate.toExponential(2)}`, 5],
    [`${count(line.tokensPerSecond)} tokens/s`, 4],
    [line.memory ? size(line.memory.peak) : "", 6],
    [line.skipped ? `${line.skipped} skipped` : "", 7],
    [duration(line.remaining) + " left", 3],
  ] as [string, number][];
  let shown = fields.filter(([text]) => text);
  const width = () => shown.reduce((sum, [text]) => sum + 2 + text.length, -2);
  while (shown.length > 1 && width() > columns) {
    const worst = Math.max(...shown.map(([, rank]) => rank));
    shown = shown.filter(([, rank]) => rank !== worst);
  }
  const room = Math.min(30, columns - width() - 2);
  const text = shown.map(([text]) => text).join("  ");
  return (room >= 8 ? bar(part, room, colour) + "  " : "") + text.slice(0, columns);
}

function bar(part: number, width: number, colour: boolean): string {
  const full = Math.round(part * width);
  if (!colour) return "█".repeat(full) + "░".repeat(width - full);
  return `\x1b[36m${"━".repeat(full)}\x1b[90m${"━".repeat(width - full)}\x1b[0m`;
}

function plainLine(line: StepLine): string {
  const percent = line.totalSteps ? Math.floor(100 * line.step / line.totalSteps) : 100;
  return [
    `step ${line.step}/${line.totalSteps} (${percent} %)`,
    `loss ${short(line.loss)}`,
    ...Object.entries(line.metrics).map(([name, value]) => `${name} ${short(value)}`),
    `lr ${line.learningRate.toExponential(2)}`,
    ...(line.gradNorm === undefined ? [] : [`grad ${short(line.gradNorm)}`]),
    `${count(line.tokensPerSecond)} tokens/s`,
    ...(line.memory ? [size(line.memory.peak)] : []),
    ...(line.skipped ? [`${line.skipped} skipped`] : []),
    `${duration(line.seconds)} < ${duration(line.remaining)}`,
  ].join("  ");
}

function ending(summary: Summary): string[] {
  const { step, totalSteps, epoch, trainLoss, seconds, tokens, skipped, evals, best, memory, stopped } = summary;
  const rows: [string, string][] = [];
  if (step > 0) {
    rows.push(["steps", `${count(step)} of ${count(totalSteps)}` + (stopped ? ` (${stopped})` : "")]);
    rows.push(["epochs", epoch.toFixed(2)], ["loss", short(trainLoss)]);
  }
  rows.push(
    ...Object.entries(evals).filter(([name]) => !isClock(name))
      .map(([name, value]) => [name.replace(/^eval_/, "eval "), short(value)] as [string, string]),
    ["time", duration(seconds)],
  );
  if (step > 0) rows.push(["speed", `${count(seconds > 0 ? tokens / seconds : 0)} tokens/s`]);
  if (memory) rows.push(["memory", `${size(memory.peak)} at peak`]);
  if (skipped) rows.push(["skipped", `${skipped} steps whose loss or gradient was not finite`]);
  if (best) rows.push(["best", `${best.metric} ${short(best.value)} at step ${best.step}`]);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `  ${name.padEnd(width)}  ${value}`);
}
