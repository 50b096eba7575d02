import { stringifyNumbers } from "../run/writer.ts";
import { snakeCase } from "../settings/spelling.ts";
import type { EvalLine, Plan, Reader, StepLine, Summary } from "./lines.ts";
import type { Output } from "./output.ts";

/** Reports a run to a program: one JSON object per line; `event` is start, step, evaluation, note, warning or end. */
export class JsonLines implements Reader {
  constructor(private readonly out: Output) {}

  start(plan: Plan, step: number): void {
    this.#write("start", { step, ...plan });
  }

  step(line: StepLine): void {
    this.#write("step", line);
  }

  evaluation(line: EvalLine): void {
    this.#write("evaluation", line);
  }

  note(text: string, kind: "note" | "warning"): void {
    this.#write(kind, { text });
  }

  end(summary: Summary): void {
    this.#write("end", summary);
  }

  #write(event: string, fields: object): void {
    this.out.write(stringifyNumbers({ event, ...inSnakeCase(fields) }) + "\n");
  }
}

// Names in files and streams are snake_case; metrics keep the names they have.
function inSnakeCase(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [snakeCase(name), value]),
  );
}
