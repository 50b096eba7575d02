import process from "node:process";

/** A stream that a person or a program reads. */
export interface Output {
  write(text: string): void;
  /** True for a terminal, where a line can be rewritten. */
  readonly terminal: boolean;
  readonly colour: boolean;
  /** The terminal's current width in characters. */
  columns(): number;
}

/** The process's standard output or error. Once its reader is gone, writing does nothing, so that training continues. */
export function standard(name: "stdout" | "stderr"): Output {
  const stream = Deno[name];
  const terminal = stream.isTerminal() && Deno.env.get("TERM") !== "dumb";
  const encoder = new TextEncoder();
  let closed = false;
  return {
    terminal,
    colour: terminal && !Deno.noColor,
    columns: () => process[name].columns || 80,
    write(text) {
      if (closed) return;
      const bytes = encoder.encode(text);
      try {
        for (let at = 0; at < bytes.length;) at += stream.writeSync(bytes.subarray(at));
      } catch {
        closed = true;
      }
    },
  };
}
