import { HubFailure } from "./failure.ts";

const LARGEST = 64 * 2 ** 20; // bytes of an answer to a question: lists of files come in pages far below

/** The pieces of a body until it ends or the signal comes, which no body can hold up: the reading then fails. */
export async function* piecesOf(body: ReadableStream<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  const stop = () => void reader.cancel().catch(() => {}); // ends a read that waits
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
 * The body of an answer.
 *
 * @throws {HubFailure} It is too long.
 */
export async function whole(response: Response, signal: AbortSignal, host: string): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of response.body === null ? [] : piecesOf(response.body, signal)) {
    if ((bytes += piece.length) > LARGEST) {
      throw new HubFailure("sent an answer without an end", host, { passing: false });
    }
    pieces.push(piece);
  }
  const body = new Uint8Array(bytes);
  pieces.reduce((at, piece) => (body.set(piece, at), at + piece.length), 0);
  return body;
}
