// Runs the command in this process: in milliseconds, where a process of its own takes half a second.

import "./support/tensors.ts";
import { COMMANDS } from "../src/cli/commands.ts";
import { explain } from "../src/cli/failure.ts";
import { type Result, words } from "./ftx.ts";
import { listening } from "./listening.ts";

/** Runs `ftx` in a folder with the words of a line, as `ftx()` does. One at a time: the folder is the process's. */
export async function inProcess(folder: string, line: string): Promise<Result> {
  const [name, ...args] = words(line);
  const { load, ...about } = COMMANDS[name];
  const home = Deno.cwd();
  Deno.chdir(folder);
  try {
    const { out, err, error } = await listening(async () => await (await load()).run(args, name, about));
    if (error === undefined) return { code: Deno.exitCode, out, err };
    const { text, exitCode } = explain(error);
    return { code: exitCode, out, err: err + text + "\n" };
  } finally {
    Deno.exitCode = 0;
    Deno.chdir(home);
  }
}
