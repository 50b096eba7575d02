import { stringifyNumbers } from "../run/writer.ts";
import { duration } from "./format.ts";
import { cutLines, LineFile } from "./line_file.ts";
import { type EvalLine, isClock, type Memory, type Reader, type StepLine } from "./lines.ts";

/**
 * `trainer_log.jsonl`: an object for each logged step and each evaluation, with LLaMA-Factory's keys. Metrics for which it
 * has no key have the names that their stage gives them.
 */
export class TrainerLog implements Reader, Disposable {
  #lines: LineFile;

  private constructor(path: string) {
    this.#lines = new LineFile(path);
  }

  /**
   * Opens the log of a run that continues after `step` (0: a new run). Drops what was written later: lines of later steps
   * and, at this step, all but the first `linesOfStep`, such as an evaluation that the checkpoint does not include.
   */
  static async open(folder: string, step: number, linesOfStep = Infinity): Promise<TrainerLog> {
    const path = `${folder}/trainer_log.jsonl`;
    let left = linesOfStep;
    await cutLines(path, (line) => {
      const at = Number(line.current_steps);
      return at < step || at === step && left-- > 0;
    });
    return new TrainerLog(path);
  }

  step(line: StepLine): void {
    const { "rewards/accuracies": accuracy, ...others } = line.metrics;
    this.#write(line, { loss: line.loss, accuracy, ...others, lr: line.learningRate }, line.memory);
  }

  evaluation(line: EvalLine): void {
    this.#write(line, Object.fromEntries(Object.entries(line.metrics).filter(([name]) => !isClock(name))));
  }

  end(): void {
    this[Symbol.dispose]();
  }

  [Symbol.dispose](): void {
    this.#lines[Symbol.dispose]();
  }

  #write(line: StepLine | EvalLine, numbers: Record<string, number | undefined>, memory?: Memory): void {
    this.#lines.append(stringifyNumbers({ // JSON leaves out what is undefined, as LLaMA-Factory does
      current_steps: line.step,
      total_steps: line.totalSteps,
      ...numbers,
      epoch: line.epoch,
      percentage: line.totalSteps ? rounded(line.step / line.totalSteps * 100) : 100,
      elapsed_time: duration(line.seconds),
      remaining_time: duration(line.remaining),
      throughput: rounded(line.tokensPerSecond),
      total_tokens: line.tokens,
      ...gigabytes(memory),
    }));
  }
}

const rounded = (value: number) => Math.round(value * 100) / 100;

// LLaMA-Factory's two keys are about a GPU; on a CPU the figure has a name of its own.
function gigabytes(memory?: Memory): Record<string, number> {
  if (!memory) return {};
  const peak = rounded(memory.peak / 2 ** 30);
  if (memory.peakReserved === undefined) return { memory_allocated: peak };
  return { vram_allocated: peak, vram_reserved: rounded(memory.peakReserved / 2 ** 30) };
}
