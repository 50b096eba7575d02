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

  /** An answer begins; the first Ctrl-C aborts the signal returned. */
  begin(): AbortSignal {
    return (this.#answering = new AbortController()).signal;
  }

  /** The answer has ended. */
  end() {
    this.#answering = undefined;
  }

  /** The user wrote a line: the next Ctrl-C counts as the first. */
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
