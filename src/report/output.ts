import process from "node:process";

/** Where text for a person or a program goes. */
export interface Output {
  write(text: string): void;
  /** True when a person sees the text as it comes, and a line can be rewritten. */
  readonly terminal: boolean;
  readonly colour: boolean;
  /** Characters in a line of the terminal now. */
  columns(): number;
}

/** The process's standard output or error. Once nobody reads it any more, writing does nothing: training goes on. */
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
