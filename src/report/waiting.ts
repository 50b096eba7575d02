import { type Output, standard } from "./output.ts";

const REDRAW = 80; // milliseconds between two drawings
const ERASE = "\r\x1b[K";

/**
 * What a person reads while waiting for the first step: sentences, and on a terminal one line below them that says how far
 * something is, rewritten in place and wiped out when it is done. Nothing with `quiet`.
 *
 * @example
 * ```ts
 * using waiting = new Waiting();
 * waiting.share("Reading the model", 0.4);
 * ```
 */
export class Waiting implements Disposable {
  readonly #out: Output;
  readonly #now: () => number;
  readonly #quiet: boolean;
  #drawn = -Infinity;
  #shown = false;

  constructor({ out = standard("stderr"), quiet = false, now = () => performance.now() } = {}) {
    this.#out = out;
    this.#quiet = quiet;
    this.#now = now;
  }

  /** Shows this text now, unless another was shown a moment ago. */
  tell(text: string): void {
    if (this.#quiet || !this.#out.terminal || this.#now() - this.#drawn < REDRAW) return;
    this.#drawn = this.#now();
    this.#shown = true;
    this.#out.write(ERASE + text.slice(0, this.#out.columns() - 1));
  }

  /** Shows how much of something is done, 0 to 1, until all of it is. */
  share(what: string, done: number): void {
    if (done < 1) this.tell(`${what}: ${Math.floor(100 * done)} %`);
    else this.clear();
  }

  /** Writes a sentence, in the place of the line. */
  say(sentence: string): void {
    this.clear();
    if (!this.#quiet) this.#out.write(sentence + "\n");
  }

  /** Wipes the line out: what is written next stands there. */
  clear(): void {
    if (this.#shown) this.#out.write(ERASE);
    this.#shown = false;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
