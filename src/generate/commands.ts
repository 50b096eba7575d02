import { FtxError } from "../errors.ts";

/** A command to the chat itself, not to the model. */
export type Command = { name: "clear" | "exit" | "help" } | { name: "system"; text: string };

/** What `/help` prints. */
export const HELP = `/clear        forget the conversation
/system TEXT  set the system prompt; without TEXT, show it
/exit         leave; so does Ctrl-D
/help         print this
Ctrl-C stops an answer; pressed twice, it leaves. Pasted text may have several lines.`;

/**
 * Reads a line as a command; undefined if it is a question for the model. `clear` and `exit` need no slash, as in
 * LLaMA-Factory.
 */
export function commandIn(line: string): Command | undefined {
  const text = line.trim();
  if (text === "clear" || text === "exit") return { name: text };
  const [, name, rest] = /^\/([a-z]+)(?:\s+([^]*))?$/.exec(text) ?? [];
  if (name === undefined) return undefined;
  if (name === "system") return { name, text: (rest ?? "").trim() };
  if (name === "clear" || name === "exit" || name === "help") return { name };
  if (name === "quit" || name === "bye") return { name: "exit" };
  throw new FtxError(`Cannot run "/${name}": there is no such command; /help lists them`);
}
