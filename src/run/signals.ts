import { EXIT } from "../errors.ts";

const ECHO = 300; // milliseconds in which a second SIGINT is the same Ctrl-C: npx and npm forward it again

/**
 * The signals that a run obeys, as flags that the loop checks. JavaScript sees a signal only when the event loop runs, so
 * the training loop must await something at least once per micro-batch.
 *
 * | signal | what happens |
 * | --- | --- |
 * | SIGINT, SIGTERM, SIGHUP | `stopRequested`: finish the step, save, exit with `exitCode`; at once while `atOnce` |
 * | SIGINT again | exit at once with 130, nothing saved |
 * | SIGUSR1 | `takeSaveRequest()`: save now and continue |
 * | SIGPIPE | nothing: a closed terminal does not stop training |
 * | SIGXFSZ | nothing: the write that was too large fails with an error |
 */
export class Signals implements Disposable {
  /** True while exiting loses nothing, because nothing was done yet or everything is saved. */
  atOnce = false;
  #stop?: Deno.Signal;
  #stoppedAt = 0;
  #save = false;
  #listeners: [Deno.Signal, () => void][] = [];

  /** Listens from now on until disposed. `exit` and `say` can be replaced by tests and reporters. */
  constructor({ exit = Deno.exit as (code: number) => void, say = (_sentence: string) => {} } = {}) {
    const stop = (signal: Deno.Signal) => () => {
      if (this.#stop === "SIGINT" && signal === "SIGINT" && performance.now() - this.#stoppedAt > ECHO) {
        exit(EXIT.interrupted);
      }
      if (this.#stop) return;
      this.#stop = signal;
      if (this.atOnce) {
        say(`${signal}: stopping at once; nothing is lost`);
        exit(this.exitCode!);
      }
      this.#stoppedAt = performance.now();
      say(`${signal}: finishing this step and saving` + (signal === "SIGINT" ? "; once more to stop at once" : ""));
    };
    this.#listen("SIGINT", stop("SIGINT"));
    this.#listen("SIGTERM", stop("SIGTERM"));
    this.#listen("SIGHUP", stop("SIGHUP"));
    this.#listen("SIGUSR1", () => this.#save = true);
    this.#listen("SIGPIPE", () => {});
    this.#listen("SIGXFSZ", () => {});
  }

  /** True once the run should end at the next step boundary. */
  get stopRequested(): boolean {
    return this.#stop !== undefined;
  }

  /** The signal that asked the run to end. */
  get stoppedBy(): Deno.Signal | undefined {
    return this.#stop;
  }

  /** The exit code to use after the last save: 130 after SIGINT, 143 after SIGTERM and SIGHUP. */
  get exitCode(): number | undefined {
    if (!this.#stop) return undefined;
    return this.#stop === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
  }

  /** True once after each SIGUSR1. */
  takeSaveRequest(): boolean {
    const asked = this.#save;
    this.#save = false;
    return asked;
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) Deno.removeSignalListener(signal, listener);
    this.#listeners = [];
  }

  #listen(signal: Deno.Signal, listener: () => void): void {
    Deno.addSignalListener(signal, listener);
    this.#listeners.push([signal, listener]);
  }
}
