import { duration, size } from "../report/format.ts";

/** Who is told how a download goes; `Waiting` of src/report is one. */
export interface Listener {
  /** A sentence that stays. */
  say(sentence: string): void;
  /** How far it is now, on a line that is rewritten. */
  tell(text: string): void;
  /** Wipes that line out. */
  clear(): void;
}

/** Tells nobody. */
export const SILENT: Listener = { say() {}, tell() {}, clear() {} };

const WINDOW = 5000; // milliseconds over which the rate is a mean: steady enough to read, quick enough to believe
const MARK = 100; // milliseconds between two looks at the clock

/** How far the download of several files is, all together: bytes, rate, time to go. */
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

  /** Counts bytes; negative ones were for nothing. Those of earlier tries bring the end nearer and say nothing of the rate. */
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
