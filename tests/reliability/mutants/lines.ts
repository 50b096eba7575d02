/** Bytes as lines of text. */
export class Lines {
  readonly readable: ReadableStream<string>;
  readonly writable: WritableStream<Uint8Array>;

  constructor() {
    const decoder = new TextDecoder();
    let rest = "";
    const lines = new TransformStream<Uint8Array, string>({
      transform(bytes, out) {
        const parts = (rest + decoder.decode(bytes, { stream: true })).split("\n");
        rest = parts.pop()!;
        for (const part of parts) out.enqueue(part);
      },
    });
    [this.readable, this.writable] = [lines.readable, lines.writable];
  }
}
