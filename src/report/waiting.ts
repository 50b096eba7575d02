import { type Output, standard } from "./output.ts";

const REDRAW = 80; // milliseconds between two drawings
const ERASE = "\r\x1b[K";

/**
 * Output before the first step: sentences and, on a terminal, one progress line below them, rewritten in place and erased
 * when done. Prints nothing with `quiet`.
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

  /** Shows this text on the progress line, unless that was redrawn less than 80 ms ago. */
  tell(text: string): void {
    if (this.#quiet || !this.#out.terminal || this.#now() - this.#drawn < REDRAW) return;
    this.#drawn = this.#now();
    this.#shown = true;
    this.#out.write(ERASE + text.slice(0, this.#out.columns() - 1));
  }

  /** Shows a share from 0 to 1 as a percentage; at 1, erases the line. */
  share(what: string, done: number): void {
    if (done < 1) this.tell(`${what}: ${Math.floor(100 * done)} %`);
    else this.clear();
  }

  /** Writes a sentence where the progress line was. */
  say(sentence: string): void {
    this.clear();
    if (!this.#quiet) this.#out.write(sentence + "\n");
  }

  /** Erases the progress line; later output takes its place. */
  clear(): void {
    if (this.#shown) this.#out.write(ERASE);
    this.#shown = false;
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
