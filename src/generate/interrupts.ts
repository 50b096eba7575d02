/** What Ctrl-C does in a conversation: the first ends the answer, or warns; the second in a row leaves. */
export class Interrupts {
  readonly #warn: () => void;
  readonly #leave: () => void;
  #answering?: AbortController;
  #heard = false;

  constructor({ warn = () => {}, leave = () => {} } = {}) {
    this.#warn = warn;
    this.#leave = leave;
  }

  /** A signal for an answer that begins now. */
  begin(): AbortSignal {
    return (this.#answering = new AbortController()).signal;
  }

  /** The answer has ended. */
  end() {
    this.#answering = undefined;
  }

  /** The person wrote a line: the next Ctrl-C is a first one. */
  calm() {
    this.#heard = false;
  }

  /** Ctrl-C was pressed. */
  hear() {
    if (this.#heard) return this.#leave();
    this.#heard = true;
    if (this.#answering) this.#answering.abort();
    else this.#warn();
  }
}
