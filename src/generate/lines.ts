import process from "node:process";
import { createInterface, type Interface } from "node:readline";
import { PassThrough } from "node:stream";
import { BREAK, FRAME_PASTES, PasteReader, UNFRAME_PASTES } from "./pasted.ts";

const CTRL_C = "\x03";

/** Where the questions of a conversation come from. */
export interface Questions extends Disposable {
  /** The next question; undefined when there are no more. */
  next(): Promise<string | undefined>;
}

/** Questions from a file or another program, one per line. */
export function linesOf(input: NodeJS.ReadableStream): Questions {
  const editor = createInterface({ input, terminal: false });
  const lines = editor[Symbol.asyncIterator]();
  return {
    next: async () => (await lines.next()).value,
    [Symbol.dispose]: () => editor.close(),
  };
}

/**
 * Questions that the user types, with arrow keys and history. Pasted text may have several lines. What is typed during an
 * answer is kept for the next question.
 */
export class TypedLines implements Questions {
  readonly #keys = new PassThrough();
  readonly #editor: Interface;
  readonly #pastes = new PasteReader();
  readonly #decoder = new TextDecoder();
  readonly #onInterrupt: () => void;
  #waiting: string[] = []; // input that came while no question was asked
  #lines: (string | undefined)[] = []; // lines that came with the one that was asked for
  #asking?: (line: string | undefined) => void;
  #ended = false;

  /** Ctrl-C calls `onInterrupt` while no question is asked, and on an empty line. */
  constructor({ prompt, onInterrupt }: { prompt: string; onInterrupt: () => void }) {
    this.#onInterrupt = onInterrupt;
    this.#editor = createInterface({ input: this.#keys, output: process.stdout, terminal: true, prompt });
    this.#editor.on("line", (line) => this.#answer(line.replaceAll(BREAK, "\n")));
    this.#editor.on("close", () => this.#answer(undefined));
    this.#editor.on("SIGINT", () => this.#interrupted());
    process.stdin.setRawMode(true);
    process.stdout.write(FRAME_PASTES);
    process.stdin.on("data", this.#read);
    process.stdin.on("end", this.#end);
  }

  next(): Promise<string | undefined> {
    if (this.#lines.length > 0) return Promise.resolve(this.#lines.shift());
    return new Promise((done) => {
      this.#asking = done;
      this.#editor.prompt();
      for (const text of this.#waiting.splice(0)) this.#keys.write(text);
    });
  }

  /** Shows the prompt and what was typed again, after something else was printed. */
  again() {
    if (this.#asking) this.#editor.prompt(true);
  }

  #read = (bytes: Uint8Array) => {
    const text = this.#pastes.take(this.#decoder.decode(bytes, { stream: true }));
    if (this.#asking) this.#keys.write(text);
    else if (text.includes(CTRL_C)) this.#onInterrupt();
    else this.#waiting.push(text);
  };

  #end = () => this.#editor.close();

  #interrupted() {
    if (this.#editor.line === "") return this.#onInterrupt();
    this.#editor.write(null, { ctrl: true, name: "e" }); // to the end of the line, then delete it
    this.#editor.write(null, { ctrl: true, name: "u" });
  }

  #answer(line: string | undefined) {
    const done = this.#asking;
    this.#asking = undefined;
    if (done) done(line);
    else this.#lines.push(line);
  }

  [Symbol.dispose]() {
    if (this.#ended) return;
    this.#ended = true;
    process.stdin.off("data", this.#read);
    process.stdin.off("end", this.#end);
    this.#editor.close();
    process.stdout.write(UNFRAME_PASTES);
    process.stdin.setRawMode(false);
    process.stdin.pause();
  }
}
