import { readCommandLine } from "./command_line.ts";
import type { About } from "./commands.ts";
import { openTensors } from "./open_tensors.ts";
import { printNotes } from "./output.ts";

/** `ftx chat`: chats with a model in the terminal, or answers one `--prompt`. */
export async function run(args: string[], name: string, about: About) {
  const reading = await readCommandLine(args, { name, purpose: "chat", about });
  if (reading === undefined) return;
  printNotes(reading);
  await openTensors();
  const { chat } = await import("../generate/mod.ts");
  const { Waiting } = await import("../report/mod.ts");
  using waiting = new Waiting({ quiet: reading.recipe.quiet });
  await chat(reading.recipe, waiting);
}
