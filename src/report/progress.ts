import { duration, size } from "../report/format.ts";

/** Receives the progress of a download; `Waiting` is one. */
export interface Listener {
  /** Shows a sentence that stays. */
  say(sentence: string): void;
  /** Shows the current state, on a line that is rewritten. */
  tell(text: string): void;
  /** Wipes out that line. */
  clear(): void;
}

/** A listener that shows nothing. */
export const SILENT: Listener = { say() {}, tell() {}, clear() {} };

const WINDOW = 5000; // milliseconds that the rate is averaged over: long enough to be steady, short enough to be current
const MARK = 100; // milliseconds between two looks at the clock

/** The progress of several files together: bytes, rate and remaining time. */
export class Progress {
  #bytes = 0;
  #fromNet = 0;
  readonly #marks: { at: number; fromNet: number }[] = [];

  constructor(
    private readonly what: string,
    private readonly total: number,
    private readonly listener: Listener,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.#marks.push({ at: now(), fromNet: 0 });
  }

  /** Counts bytes; negative ones have to come again. Those left of an earlier try (`fromNet` false) do not count for the rate. */
  add(bytes: number, fromNet = true): void {
    this.#bytes += bytes;
    if (fromNet) this.#fromNet += bytes;
    const at = this.now();
    if (at - this.#marks.at(-1)!.at >= MARK) this.#marks.push({ at, fromNet: this.#fromNet });
    while (this.#marks.length > 2 && at - this.#marks[1].at > WINDOW) this.#marks.shift();
    this.listener.tell(this.text());
  }

  /** `Downloading org/name: 1.2 GiB of 3.4 GiB, 12 MiB/s, 0:03:01 left`. */
  text(): string {
    const [first] = this.#marks;
    const last = this.#marks.at(-1)!;
    const rate = last.at > first.at ? 1000 * (last.fromNet - first.fromNet) / (last.at - first.at) : 0;
    const speed = rate > 0 ? `, ${size(rate)}/s, ${duration((this.total - this.#bytes) / rate)} left` : "";
    return `Downloading ${this.what}: ${size(this.#bytes)} of ${size(this.total)}${speed}`;
  }
}
