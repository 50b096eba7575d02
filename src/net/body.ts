// Reading a response: within a time limit, and without an end only up to a limit.

import { NetFailure } from "./failure.ts";

const LARGEST = 64 * 2 ** 20; // bytes of an answer that is read whole: lists of files come in far smaller pages

/** Aborts its signal after `milliseconds`, or, with `least`, after a period in which fewer than `least` bytes came. */
export class Timer implements Disposable {
  readonly #controller = new AbortController();
  #came = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(readonly milliseconds: number, least = Infinity) {
    this.#timer = setInterval(() => {
      if (this.#came < least) this.#controller.abort();
      this.#came = 0;
    }, milliseconds);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Counts bytes that came. */
  count(bytes: number): void {
    this.#came += bytes;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** The pieces of a body. Throws as soon as the signal aborts, even while the server is silent. */
export async function* piecesOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => {}); // ends a pending read
  signal.addEventListener("abort", stop);
  try {
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", stop);
    stop();
  }
}

/**
 * The whole body of a response.
 *
 * @throws {NetFailure} It is longer than 64 MiB.
 */
export async function whole(response: Response, signal: AbortSignal, host: string): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body === null ? [] : piecesOf(response.body, signal)) {
    if ((bytes += piece.length) > LARGEST) {
      throw new NetFailure("sent an answer that does not end", host, { transient: false });
    }
    pieces.push(piece);
  }
  const body = new Uint8Array(bytes);
  pieces.reduce((at, piece) => (body.set(piece, at), at + piece.length), 0);
  return body;
}
