import { type Event, record } from "./event.ts";
import type { EvalLine, Plan, Reader, StepLine, Summary } from "./lines.ts";

/**
 * Event files for TensorBoard in the run folder's `runs/`, or in `runs/<name>/` when the run has a name, with HF
 * Trainer's tags: `train/loss`, `eval/loss` … A resumed run adds a file and tells TensorBoard to discard what the
 * interrupted one wrote after the checkpoint.
 */
export class TensorBoard implements Reader {
  #folder: string;
  #clock: () => number;
  #file?: Deno.FsFile;

  /** `clock` gives milliseconds since 1970; `name` is the run's, which TensorBoard shows. */
  constructor(folder: string, clock: () => number = Date.now, name?: string) {
    this.#folder = name ? `${folder}/runs/${encodeURIComponent(name)}` : `${folder}/runs`;
    this.#clock = clock;
  }

  start(_: Plan, step: number): void {
    Deno.mkdirSync(this.#folder, { recursive: true });
    const seconds = String(Math.floor(this.#clock() / 1000)).padStart(10, "0"); // TensorBoard reads files in the order of their names
    const name = `events.out.tfevents.${seconds}.${Deno.hostname()}.${Deno.pid}.0`;
    this.#file = Deno.openSync(`${this.#folder}/${name}`, { append: true, create: true });
    this.#write({ version: "brain.Event:2" });
    if (step) this.#write({ step: step + 1, restart: true });
  }

  step(line: StepLine): void {
    this.#write({
      step: line.step,
      scalars: {
        "train/loss": line.loss,
        "train/learning_rate": line.learningRate,
        ...(line.gradNorm === undefined ? {} : { "train/grad_norm": line.gradNorm }),
        "train/epoch": line.epoch,
        "train/tokens_per_second": line.tokensPerSecond,
        ...prefixed("train/", line.metrics),
      },
    });
  }

  evaluation(line: EvalLine): void {
    const metrics = Object.entries(line.metrics).map(([name, value]) => [name.replace(/^eval_/, ""), value]);
    this.#write({ step: line.step, scalars: prefixed("eval/", Object.fromEntries(metrics)) });
  }

  end(summary: Summary): void {
    if (summary.finished && summary.step > 0) {
      this.#write({ step: summary.step, scalars: { "train/train_loss": summary.trainLoss } });
    }
    this.#file?.close();
    this.#file = undefined;
  }

  #write(event: Omit<Event, "time">): void {
    const bytes = record({ time: this.#clock() / 1000, ...event });
    for (let at = 0; at < bytes.length && this.#file;) at += this.#file.writeSync(bytes.subarray(at));
  }
}

function prefixed(prefix: string, metrics: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [prefix + name, value]));
}
