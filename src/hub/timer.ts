/** Aborts when the time is over in which nothing, or fewer than `least` bytes, came. */
export class Timer implements Disposable {
  readonly #controller = new AbortController();
  #came = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(readonly milliseconds: number, least?: number) {
    this.#timer = setInterval(() => {
      if (least === undefined || this.#came < least) this.#controller.abort();
      this.#came = 0;
    }, milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  count(bytes: number): void {
    this.#came += bytes;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
