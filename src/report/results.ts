import { replaceFile } from "../run/durable.ts";
import { stringifyNumbers } from "../run/writer.ts";
import type { LogEntry, Reader, Summary } from "./lines.ts";

/** `train_results.json`, `eval_results.json` and `all_results.json` with HF's and LLaMA-Factory's keys, sorted. */
export class Results implements Reader {
  constructor(private readonly folder: string) {}

  async end(summary: Summary): Promise<void> {
    if (!summary.finished) return; // these files tell other programs that the run is over
    const train = summary.step > 0 ? trainResults(summary) : undefined;
    const evals = evalResults(summary);
    if (train) await this.#write("train_results", train);
    if (evals) await this.#write("eval_results", evals);
    await this.#write("all_results", { ...train, ...evals });
  }

  #write(name: string, metrics: LogEntry): Promise<void> {
    const sorted = Object.fromEntries(Object.entries(metrics).sort(([a], [b]) => a < b ? -1 : 1));
    return replaceFile(`${this.folder}/${name}.json`, stringifyNumbers(sorted, 4) + "\n");
  }
}

function trainResults(summary: Summary): LogEntry {
  const { epoch, flops, trainLoss, seconds, rows, step, tokens, skipped, memory } = summary;
  const perSecond = (count: number) => seconds > 0 ? count / seconds : 0;
  return {
    effective_tokens_per_sec: perSecond(tokens),
    epoch,
    num_input_tokens_seen: tokens,
    ...memory ? { peak_memory_bytes: memory.peak } : {}, // of this process's part of the run
    skipped_steps: skipped,
    total_flos: flops,
    train_loss: trainLoss,
    train_runtime: seconds,
    train_samples_per_second: perSecond(rows),
    train_steps_per_second: perSecond(step),
  };
}

function evalResults({ epoch, evals }: Summary): LogEntry | undefined {
  return Object.keys(evals).length ? { epoch, ...evals } : undefined;
}
